;; A desk with all that a server can have: a tool that says that it only reads and one that does not, which both say
;; that `desk:it` has changed; resources, one of them on the web, to which the tools link; a template, a prompt and
;; completions.
(module
  (import "smcp:server/notify@0.1.0" "resource-updated" (func $updated (param i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 8192))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"look\",\"inputSchema\":{\"type\":\"object\"},\"annotations\":{\"readOnlyHint\":true}},{\"name\":\"write\",\"inputSchema\":{\"type\":\"object\"}}],\"resources\":[{\"uri\":\"desk:it\",\"name\":\"it\"},{\"uri\":\"https://desk.example/\",\"name\":\"web\"}],\"resourceTemplates\":[{\"uriTemplate\":\"desk:{id}\",\"name\":\"any\"}],\"prompts\":[{\"name\":\"ask\"}],\"completions\":true}")
  (data (i32.const 1024) "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"https://desk.example/\",\"name\":\"web\"}]}")
  (data (i32.const 1280) "{\"contents\":[{\"uri\":\"desk:it\",\"text\":\"it\"}]}")
  (data (i32.const 1536) "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"Ask.\"}}]}")
  (data (i32.const 1792) "{\"completion\":{\"values\":[\"it\"]}}")
  (data (i32.const 2048) "desk:it")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $text (param $at i32) (param $len i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $len))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 342))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (call $updated (i32.const 2048) (i32.const 7))
    (call $text (i32.const 1024) (i32.const 81)))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (call $text (i32.const 1280) (i32.const 44)))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32)
    (call $text (i32.const 1536) (i32.const 70)))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32)
    (call $text (i32.const 1792) (i32.const 32))))
