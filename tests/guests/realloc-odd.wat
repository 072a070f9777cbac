;; `cabi_realloc` gives odd addresses, whatever alignment it is asked for: text does not mind, the
;; list of scopes in an answer to `who` does.
(module
  (import "smcp:server/context@0.1.0" "who" (func $who (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "{\"tools\":[]}")

  ;; Every address it gives is odd.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4099))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (call $who (i32.const 256))
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
