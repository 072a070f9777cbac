;; `call-tool` returns its setting `limit` as its structured content; without one, `null`.
(module
  (import "smcp:server/config@0.1.0" "get" (func $get (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"limit\",\"inputSchema\":{\"type\":\"object\"}}]}")
  (data (i32.const 256) "limit")
  (data (i32.const 320) "{\"content\":[],\"structuredContent\":")
  (data (i32.const 384) "null")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 60))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (local $at i32) (local $len i32)
    (call $get (i32.const 256) (i32.const 5) (i32.const 512))
    (local.set $at (i32.const 384))
    (local.set $len (i32.const 4))
    (if (i32.load8_u (i32.const 512))
      (then
        (local.set $at (i32.load (i32.const 516)))
        (local.set $len (i32.load (i32.const 520)))))
    (memory.copy (i32.const 4096) (i32.const 320) (i32.const 34))
    (memory.copy (i32.const 4130) (local.get $at) (local.get $len))
    (i32.store8 (i32.add (i32.const 4130) (local.get $len)) (i32.const 125))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 4096))
    (i32.store (i32.const 24) (i32.add (local.get $len) (i32.const 35)))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32)
    (unreachable)))
