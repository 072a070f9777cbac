;; A server with an interface of its own (MCP Apps): a tool that names a `ui://` resource, and that
;; resource. `call-tool` returns its request as structured content, so that a test sees what came in.
(module
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 16384))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"show\",\"inputSchema\":{\"type\":\"object\"},\"_meta\":{\"ui\":{\"resourceUri\":\"ui://clock/face\",\"visibility\":[\"model\",\"app\"]},\"com.example/own\":[1, 2.50]}}],\"resources\":[{\"uri\":\"ui://clock/face\",\"name\":\"face\",\"mimeType\":\"text/html;profile=mcp-app\",\"_meta\":{\"ui\":{\"prefersBorder\":true}}}]}")
  (data (i32.const 1024) "{\"contents\":[{\"uri\":\"ui://clock/face\",\"mimeType\":\"text/html;profile=mcp-app\",\"text\":\"<!doctype html><p>12:00</p>\",\"_meta\":{\"ui\":{\"csp\":{\"connectDomains\":[\"https://time.example\"],\"resourceDomains\":[]}}}}]}")
  (data (i32.const 2048) "{\"content\":[],\"structuredContent\":")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $ok (param $at i32) (param $len i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $len))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 296))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (call $ok (i32.const 1024) (i32.const 204)))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param $at i32) (param $len i32) (result i32)
    ;; The request goes behind the text at 2048; a brace ends the whole.
    (memory.copy (i32.const 2082) (local.get $at) (local.get $len))
    (i32.store8 (i32.add (i32.const 2082) (local.get $len)) (i32.const 125))
    (call $ok (i32.const 2048) (i32.add (local.get $len) (i32.const 35))))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
