;; `call-tool` sends the request that its arguments have between two exclamation marks, `!METHOD URL!`, with a
;; secret in a header, and `hello` as the body of a POST, PUT or PATCH. It returns as text the status and the body,
;; or `E`, the kind of error, and why.
(module
  (import "smcp:server/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"send\",\"inputSchema\":{\"type\":\"object\"}}]}")
  (data (i32.const 256) "authorization")
  (data (i32.const 288) "Bearer {{secret:TOKEN}}")
  ;; One header: name and value.
  (data (i32.const 320) "\00\01\00\00\0d\00\00\00\20\01\00\00\17\00\00\00")
  (data (i32.const 352) "hello")
  (data (i32.const 384) "{\"content\":[{\"type\":\"text\",\"text\":\"")
  (data (i32.const 448) "\"}]}")

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

  (func $digit (param $at i32) (param $number i32)
    (i32.store8 (local.get $at)
      (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 59))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param $at i32) (param $len i32) (result i32)
    (local $method i32) (local $url i32) (local $out i32) (local $from i32) (local $size i32)
    (local.set $method (i32.add (call $find (local.get $at) (i32.const 33)) (i32.const 1)))
    (local.set $url (i32.add (call $find (local.get $method) (i32.const 32)) (i32.const 1)))
    (call $send
      (local.get $method)
      (i32.sub (i32.sub (local.get $url) (local.get $method)) (i32.const 1))
      (local.get $url)
      (i32.sub (call $find (local.get $url) (i32.const 33)) (local.get $url))
      (i32.const 320) (i32.const 1)
      (i32.const 352)
      (select (i32.const 5) (i32.const 0)
        (i32.eq (i32.load8_u (local.get $method)) (i32.const 80)))
      (i32.const 0) (i32.const 0)
      (i32.const 512))
    (memory.copy (i32.const 4096) (i32.const 384) (i32.const 35))
    (if (i32.load8_u (i32.const 512))
      (then
        (i32.store8 (i32.const 4131) (i32.const 69))
        (call $digit (i32.const 4132) (i32.load8_u (i32.const 516)))
        (i32.store8 (i32.const 4133) (i32.const 32))
        (local.set $out (i32.const 4134))
        (local.set $from (i32.load (i32.const 520)))
        (local.set $size (i32.load (i32.const 524))))
      (else
        (call $digit (i32.const 4131) (i32.div_u (i32.load16_u (i32.const 516)) (i32.const 100)))
        (call $digit (i32.const 4132) (i32.div_u (i32.load16_u (i32.const 516)) (i32.const 10)))
        (call $digit (i32.const 4133) (i32.load16_u (i32.const 516)))
        (i32.store8 (i32.const 4134) (i32.const 32))
        (local.set $out (i32.const 4135))
        (local.set $from (i32.load (i32.const 528)))
        (local.set $size (i32.load (i32.const 532)))))
    (memory.copy (local.get $out) (local.get $from) (local.get $size))
    (memory.copy (i32.add (local.get $out) (local.get $size)) (i32.const 448) (i32.const 4))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 4096))
    (i32.store (i32.const 24)
      (i32.sub (i32.add (local.get $out) (local.get $size)) (i32.const 4092)))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32)
    (unreachable)))
