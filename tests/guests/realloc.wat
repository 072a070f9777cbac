;; `cabi_realloc` does what the length that it is asked for says: 1 to 9. Any other length it
;; serves honestly.
(module
  (import "smcp:server/context@0.1.0" "now" (func $now (result i64)))
  (import "smcp:server/context@0.1.0" "random" (func $random (param i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[]}")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32) (local $left i32)
    (block $bump
      (block $spins
        (block $traps
          (block $overflows
            (block $outside
              (block $odd
                (block $null
                  (block $asks
                    (block $loops
                      (block $grows
                        (br_table $bump $grows $loops $asks $null $odd $outside $overflows $traps
                          $spins $bump (local.get 3)))
                      ;; 1: grows by four pages.
                      (drop (memory.grow (i32.const 4)))
                      (br $bump))
                    ;; 2: loops for ever.
                    (loop $on (br $on)))
                  ;; 3: calls an import.
                  (drop (call $now))
                  (br $bump))
                ;; 4: null, which is inside its memory: the host has no opinion.
                (return (i32.const 0)))
              ;; 5: an address that is not aligned, if alignment is asked for.
              (return (i32.const 65537)))
            ;; 6: just past what fits.
            (return (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 5))))
          ;; 7: an address whose end is over 32 bits.
          (return (i32.const -1)))
        ;; 8: panics.
        (unreachable))
      ;; 9: computes for long, then allocates.
      (local.set $left (i32.const 20000))
      (loop $again
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  ;; A request of sixteen bytes or more asks for as many random bytes as its first digit says, and
  ;; returns itself.
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (if (i32.ge_u (local.get 1) (i32.const 16))
      (then
        (call $random (i32.sub (i32.load8_u (local.get 0)) (i32.const 48)) (i32.const 32))
        (i64.store (i32.const 40) (i64.extend_i32_u (i32.load (i32.const 36))))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get 0))
    (i32.store (i32.const 24) (local.get 1))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
