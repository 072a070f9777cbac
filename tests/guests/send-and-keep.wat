;; `call-tool` reads the key `a`, sends the request that its arguments have between two exclamation marks, `!METHOD URL!`,
;; and sets `a`. It returns as text what was there before: one character, or `-` for nothing.
(module
  (import "smcp:server/kv@0.1.0" "get" (func $get (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"send\",\"inputSchema\":{\"type\":\"object\"}}]}")
  (data (i32.const 256) "a")
  (data (i32.const 264) "x")
  (data (i32.const 384) "{\"content\":[{\"type\":\"text\",\"text\":\"-\"}]}")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  ;; Where the byte is next.
  (func $find (param $at i32) (param $byte i32) (result i32)
    (block $found
      (loop $next
        (br_if $found (i32.eq (i32.load8_u (local.get $at)) (local.get $byte)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 59))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param $at i32) (param $len i32) (result i32)
    (local $method i32) (local $url i32)
    (local.set $method (i32.add (call $find (local.get $at) (i32.const 33)) (i32.const 1)))
    (local.set $url (i32.add (call $find (local.get $method) (i32.const 32)) (i32.const 1)))
    ;; A value, if there is one, is the first option of the result: its address and length come after.
    (call $get (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512))
    (if (i32.load8_u (i32.const 516))
      (then (i32.store8 (i32.const 419) (i32.load8_u (i32.load (i32.const 520))))))
    (call $send
      (local.get $method)
      (i32.sub (i32.sub (local.get $url) (local.get $method)) (i32.const 1))
      (local.get $url)
      (i32.sub (call $find (local.get $url) (i32.const 33)) (local.get $url))
      (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0)
      (i32.const 512))
    (call $set
      (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 264) (i32.const 1)
      (i32.const 0) (i32.const 0)
      (i32.const 600))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 384))
    (i32.store (i32.const 24) (i32.const 40))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32)
    (unreachable)))
