;; What code can do by itself. The first letter of the request picks an act; a letter that is none
;; indexes outside the table.
(module
  (type $act (func (param i32 i32) (result i32)))
  (type $other (func (param i64) (result i32)))
  (memory (export "memory") 1)
  (table 21 funcref)
  (elem (i32.const 0)
    $loops $recurses $nests $swells $grows $asks_too_much $panics $divides_by_zero
    $overflows $converts_nan $converts_too_large $calls_null $calls_wrong_type
    $calls_outside $loads_outside $stores_outside $fills_outside $reads_table_outside
    $takes_remainder $computes)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[]}")

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
  ;; `ok` of the text at an address.
  (func $ok (param $at i32) (param $len i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $len))
    (i32.const 16))
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (call_indirect (type $act) (local.get 0) (local.get 1)
      (i32.sub (i32.load8_u (local.get 0)) (i32.const 97))))

  ;; a: loops for ever.
  (func $loops (type $act)
    (loop $on (br $on))
    (unreachable))

  ;; b: recurses without end.
  (func $recurses (type $act)
    (call $recurses (local.get 0) (local.get 1)))

  ;; c: nests a thousand calls, which is allowed.
  (func $nests (type $act)
    (drop (call $down (i32.const 1000)))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; d: recurses with so many locals that the stack is full before the depth is reached.
  (func $swells (type $act)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local.set 2 (i64.extend_i32_u (local.get 0)))
    (drop (call $swells (i32.wrap_i64 (local.get 2)) (local.get 1)))
    (i32.wrap_i64 (i64.add (local.get 2) (local.get 251))))

  ;; e: grows its memory until it is given no more, and writes to the last byte.
  (func $grows (type $act)
    (block $full
      (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (br $more)))
    (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 90))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; f: asks a million times for more memory than it may have.
  (func $asks_too_much (type $act)
    (local $left i32)
    (local.set $left (i32.const 1000000))
    (loop $again
      (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then (unreachable)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; g: panics.
  (func $panics (type $act)
    (unreachable))

  ;; h: divides by zero.
  (func $divides_by_zero (type $act)
    (i32.div_u (i32.const 1) (i32.sub (local.get 0) (local.get 0))))

  ;; i: divides the least integer by minus one.
  (func $overflows (type $act)
    (i32.div_s (i32.sub (i32.const 0x80000000) (i32.sub (local.get 0) (local.get 0))) (i32.const -1)))

  ;; j: converts a NaN to an integer.
  (func $converts_nan (type $act)
    (i32.trunc_f64_s (f64.div (f64.const 0) (f64.convert_i32_u (i32.sub (local.get 0) (local.get 0))))))

  ;; k: converts a float that is too large.
  (func $converts_too_large (type $act)
    (i32.trunc_f32_s (f32.mul (f32.const 1e30) (f32.convert_i32_u (local.get 1)))))

  ;; l: calls the null function.
  (func $calls_null (type $act)
    (call_indirect (type $act) (local.get 0) (local.get 1) (i32.const 20)))

  ;; m: calls a function of another type.
  (func $calls_wrong_type (type $act)
    (call_indirect (type $other) (i64.const 1) (i32.const 0)))

  ;; n: calls a function outside the table.
  (func $calls_outside (type $act)
    (call_indirect (type $act) (local.get 0) (local.get 1) (i32.const -1)))

  ;; o: reads the word past its memory.
  (func $loads_outside (type $act)
    (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 3))))

  ;; p: writes at an address whose sum with the offset is over 32 bits.
  (func $stores_outside (type $act)
    (i64.store offset=0xfffffff0 (i32.const -1) (i64.const 1))
    (i32.const 16))

  ;; q: fills beyond its memory.
  (func $fills_outside (type $act)
    (memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))
    (i32.const 16))

  ;; r: reads beyond its table.
  (func $reads_table_outside (type $act)
    (table.set (i32.const -1) (ref.null func))
    (i32.const 16))

  ;; s: takes the remainder of the least integer by minus one, which is zero and no trap.
  (func $takes_remainder (type $act)
    (if (i32.rem_s (i32.const 0x80000000) (i32.or (local.get 1) (i32.const -1))) (then (unreachable)))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; t: computes a hundred thousand rounds of a mix of bits, and writes the result.
  (func $computes (type $act)
    (local $left i32) (local $mix i64)
    (local.set $left (i32.const 100000))
    (local.set $mix (i64.const 0x9e3779b97f4a7c15))
    (loop $again
      (local.set $mix
        (i64.mul
          (i64.xor (local.get $mix) (i64.rotl (local.get $mix) (i64.extend_i32_u (local.get $left))))
          (i64.const 0xbf58476d1ce4e5b9)))
      (i64.store (i32.and (local.get $left) (i32.const 0xfff8)) (local.get $mix))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i64.store (i32.const 200) (local.get $mix))
    (call $ok (i32.const 1024) (i32.const 0)))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
