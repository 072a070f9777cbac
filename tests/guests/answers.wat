;; What a guest can return. The first letter of the request picks it.
(module
  (type $act (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table 22 funcref)
  (elem (i32.const 0)
    $outside $straddling $highest $unaligned $text_outside $text_wrapping $lying $huge
    $largest $not_utf8 $cut_utf8 $not_json $neither $refuses $refuses_plainly $refuses_badly
    $refuses_outside $refuses_at_end $at_end $empty $null $loud)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[]}")
  (data (i32.const 96) "a\ff\feb")
  (data (i32.const 104) "a\e2\82")
  (data (i32.const 112) "{\"tools\":")

  ;; Bump allocation, aligned, growing when it must; nothing is ever freed.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (loop $more
        (br_if $fits
          (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $fits (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (br $more)))
    (local.get $at))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (call_indirect (type $act) (local.get 0) (local.get 1)
      (i32.sub (i32.load8_u (local.get 0)) (i32.const 97))))

  ;; a: a result past the end of memory.
  (func $outside (type $act)
    (i32.const 65536))

  ;; b: a result whose first word is the last of memory.
  (func $straddling (type $act)
    (i32.const 65532))

  ;; c: a result at the highest address there is.
  (func $highest (type $act)
    (i32.const -4))

  ;; d: a result that is not aligned.
  (func $unaligned (type $act)
    (i32.const 18))

  ;; e: a text outside its memory.
  (func $text_outside (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 0x7fffffff))
    (i32.store (i32.const 24) (i32.const 1))
    (i32.const 16))

  ;; f: a text whose end is over 32 bits.
  (func $text_wrapping (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const -1))
    (i32.store (i32.const 24) (i32.const 2))
    (i32.const 16))

  ;; g: a text longer than what is left of its memory.
  (func $lying (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 64))
    (i32.store (i32.const 24) (i32.const 65536))
    (i32.const 16))

  ;; h: a text of five megabytes, if it has so much memory.
  (func $huge (type $act)
    (drop (memory.grow (i32.const 90)))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 0))
    (i32.store (i32.const 24) (i32.const 5242880))
    (i32.const 16))

  ;; i: a text of all the bytes that there could be.
  (func $largest (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 0))
    (i32.store (i32.const 24) (i32.const -1))
    (i32.const 16))

  ;; j: a text that is not UTF-8.
  (func $not_utf8 (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 96))
    (i32.store (i32.const 24) (i32.const 4))
    (i32.const 16))

  ;; k: a text cut in the middle of a character.
  (func $cut_utf8 (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 104))
    (i32.store (i32.const 24) (i32.const 2))
    (i32.const 16))

  ;; l: a text that is not JSON, which is no matter of the sandbox.
  (func $not_json (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 112))
    (i32.store (i32.const 24) (i32.const 9))
    (i32.const 16))

  ;; m: neither an ok nor an error.
  (func $neither (type $act)
    (i32.store8 (i32.const 16) (i32.const 2))
    (i32.store (i32.const 20) (i32.const 64))
    (i32.store (i32.const 24) (i32.const 12))
    (i32.const 16))

  ;; n: a refusal with data; the padding after its discriminants means nothing.
  (func $refuses (type $act)
    (i32.store (i32.const 16) (i32.const 0xabcdef01))
    (i32.store (i32.const 20) (i32.const -32602))
    (i32.store (i32.const 24) (i32.const 112))
    (i32.store (i32.const 28) (i32.const 4))
    (i32.store (i32.const 32) (i32.const 0xabcdef01))
    (i32.store (i32.const 36) (i32.const 64))
    (i32.store (i32.const 40) (i32.const 12))
    (i32.const 16))

  ;; o: a refusal without data.
  (func $refuses_plainly (type $act)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const -32602))
    (i32.store (i32.const 24) (i32.const 112))
    (i32.store (i32.const 28) (i32.const 4))
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.store (i32.const 36) (i32.const -1))
    (i32.store (i32.const 40) (i32.const -1))
    (i32.const 16))

  ;; p: a refusal whose data is neither there nor not.
  (func $refuses_badly (type $act)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const -32602))
    (i32.store (i32.const 24) (i32.const 112))
    (i32.store (i32.const 28) (i32.const 4))
    (i32.store8 (i32.const 32) (i32.const 9))
    (i32.store (i32.const 36) (i32.const 64))
    (i32.store (i32.const 40) (i32.const 12))
    (i32.const 16))

  ;; q: a refusal whose data is outside its memory.
  (func $refuses_outside (type $act)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const -32602))
    (i32.store (i32.const 24) (i32.const 112))
    (i32.store (i32.const 28) (i32.const 4))
    (i32.store8 (i32.const 32) (i32.const 1))
    (i32.store (i32.const 36) (i32.const 65530))
    (i32.store (i32.const 40) (i32.const 12))
    (i32.const 16))

  ;; r: a refusal that does not fit in what is left of its memory.
  (func $refuses_at_end (type $act)
    (i32.store8 (i32.const 65520) (i32.const 1))
    (i32.const 65520))

  ;; s: an ok in the last bytes of memory: allowed.
  (func $at_end (type $act)
    (i32.store8 (i32.const 65524) (i32.const 0))
    (i32.store (i32.const 65528) (i32.const 64))
    (i32.store (i32.const 65532) (i32.const 12))
    (i32.const 65524))

  ;; t: an empty text past the end of memory by nothing: allowed.
  (func $empty (type $act)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 65536))
    (i32.store (i32.const 24) (i32.const 0))
    (i32.const 16))

  ;; u: a result at address zero: allowed.
  (func $null (type $act)
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store (i32.const 4) (i32.const 64))
    (i32.store (i32.const 8) (i32.const 12))
    (i32.const 0))

  ;; v: a refusal with a message of five megabytes, if it has so much memory.
  (func $loud (type $act)
    (drop (memory.grow (i32.const 90)))
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const 1))
    (i32.store (i32.const 24) (i32.const 0))
    (i32.store (i32.const 28) (i32.const 5242880))
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
