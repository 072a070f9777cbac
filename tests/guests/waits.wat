;; `call-tool` becomes a task if it may, sleeps for ten seconds if it is one, asks the client one question and
;; returns the answer as its structured content; what the host does not ask, it returns as the error it was told.
(module
  (import "smcp:server/context@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "begin-task" (func $begin-task (result i32)))
  (import "smcp:server/context@0.1.0" "sleep" (func $sleep (param i32)))
  (import "smcp:server/client@0.1.0" "ask" (func $ask (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"ask\",\"inputSchema\":{\"type\":\"object\"},\"execution\":{\"taskSupport\":\"optional\"}}]}")
  (data (i32.const 256) "name")
  (data (i32.const 512) "{\"method\":\"elicitation/create\",\"params\":{\"message\":\"Who?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]}}}")
  (data (i32.const 768) "{\"content\":[],\"structuredContent\":")
  (data (i32.const 896) "\"told\"")
  ;; One question: id and request.
  (data (i32.const 1024) "\00\01\00\00\04\00\00\00\00\02\00\00\9b\00\00\00")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $tell
    (call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 896) (i32.const 6)))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 97))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (local $answer i32)
    (local $len i32)
    (call $tell)
    (if (call $begin-task) (then (call $sleep (i32.const 10000))))
    (call $ask (i32.const 1024) (i32.const 1) (i32.const 2048))
    ;; The error of a question and that of a call are laid out alike.
    (if (i32.load8_u (i32.const 2048))
      (then
        (memory.copy (i32.const 16) (i32.const 2048) (i32.const 28))
        (return (i32.const 16))))
    (call $tell)
    (local.set $answer (i32.load (i32.load (i32.const 2052))))
    (local.set $len (i32.load offset=4 (i32.load (i32.const 2052))))
    (memory.copy (i32.const 4096) (i32.const 768) (i32.const 34))
    (memory.copy (i32.const 4130) (local.get $answer) (local.get $len))
    (i32.store8 (i32.add (i32.const 4130) (local.get $len)) (i32.const 125))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 4096))
    (i32.store (i32.const 24) (i32.add (local.get $len) (i32.const 35)))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
