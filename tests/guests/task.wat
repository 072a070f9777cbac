;; One tool that may go on as a task: it asks to, sleeps, asks again, and says whether it is one.
(module
  (import "smcp:server/context@0.1.0" "begin-task" (func $begin (result i32)))
  (import "smcp:server/context@0.1.0" "sleep" (func $sleep (param i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"work\",\"execution\":{\"taskSupport\":\"optional\"},\"inputSchema\":{\"type\":\"object\"}}]}")
  (data (i32.const 512) "{\"content\":[],\"structuredContent\":true}")
  (data (i32.const 640) "{\"content\":[],\"structuredContent\":false}")

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
    (i32.store (i32.const 20) (i32.const 98))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (drop (call $begin))
    (call $sleep (i32.const 50))
    (i32.store8 (i32.const 16) (i32.const 0))
    (if (call $begin)
      (then
        (i32.store (i32.const 20) (i32.const 512))
        (i32.store (i32.const 24) (i32.const 39)))
      (else
        (i32.store (i32.const 20) (i32.const 640))
        (i32.store (i32.const 24) (i32.const 40))))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
