;; Every operator on floats, with every pair of sixteen values of each width: the bits of all
;; results are kept in memory.
(module
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 4096))
  ;; Where the next result goes.
  (global $next (mut i32) (i32.const 8192))
  (data (i32.const 64) "{\"tools\":[]}")
  ;; Zeros, denormals, ordinary values, infinities, and NaNs quiet and signalling, with payloads.
  (data (i32.const 1024)
    "\00\00\00\00"
    "\00\00\00\80"
    "\01\00\00\00"
    "\ff\ff\7f\80"
    "\00\00\80\3f"
    "\00\00\c0\bf"
    "\00\00\20\40"
    "\01\00\00\4b"
    "\ff\ff\7f\7f"
    "\00\00\80\7f"
    "\00\00\80\ff"
    "\00\00\c0\7f"
    "\00\00\c0\ff"
    "\01\00\a0\7f"
    "\45\23\81\ff"
    "\ff\ff\ff\7f")
  (data (i32.const 2048)
    "\00\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\00\80"
    "\01\00\00\00\00\00\00\00"
    "\ff\ff\ff\ff\ff\ff\0f\80"
    "\00\00\00\00\00\00\f0\3f"
    "\00\00\00\00\00\00\f8\bf"
    "\00\00\00\00\00\00\04\40"
    "\01\00\00\00\00\00\30\43"
    "\ff\ff\ff\ff\ff\ff\ef\7f"
    "\00\00\00\00\00\00\f0\7f"
    "\00\00\00\00\00\00\f0\ff"
    "\00\00\00\00\00\00\f8\7f"
    "\00\00\00\00\00\00\f8\ff"
    "\01\00\00\00\00\00\f4\7f"
    "\78\56\34\12\00\00\f0\ff"
    "\ff\ff\ff\ff\ff\ff\ff\7f")

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
  (func $keep (param i64)
    (i64.store (global.get $next) (local.get 0))
    (global.set $next (i32.add (global.get $next) (i32.const 8))))
  (func $valuef32 (param i32) (result f32)
    (f32.load offset=1024 (i32.shl (local.get 0) (i32.const 2))))
  (func $valuef64 (param i32) (result f64)
    (f64.load offset=2048 (i32.shl (local.get 0) (i32.const 3))))
  (func $widef32 (param f32) (result i64) (i64.extend_i32_u (i32.reinterpret_f32 (local.get 0))))
  (func $widef64 (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func $all (param $left i32) (param $right i32)
    (call $keep (call $widef32 (f32.abs (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.neg (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.ceil (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.floor (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.trunc (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.nearest (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.sqrt (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.add (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.sub (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.mul (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.div (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.min (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.max (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (call $widef32 (f32.copysign (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f32.eq (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f32.lt (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f32.ge (call $valuef32 (local.get $left)) (call $valuef32 (local.get $right)))))
    (call $keep (i64.trunc_sat_f32_s (call $valuef32 (local.get $left))))
    (call $keep (i64.extend_i32_u (i32.trunc_sat_f32_u (call $valuef32 (local.get $left)))))
    (call $keep (call $widef64 (f64.abs (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.neg (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.ceil (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.floor (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.trunc (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.nearest (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.sqrt (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.add (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.sub (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.mul (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.div (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.min (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.max (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (call $widef64 (f64.copysign (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f64.eq (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f64.lt (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (i64.extend_i32_u (f64.ge (call $valuef64 (local.get $left)) (call $valuef64 (local.get $right)))))
    (call $keep (i64.trunc_sat_f64_s (call $valuef64 (local.get $left))))
    (call $keep (i64.extend_i32_u (i32.trunc_sat_f64_u (call $valuef64 (local.get $left)))))
    (call $keep (call $widef64 (f64.promote_f32 (call $valuef32 (local.get $left)))))
    (call $keep (call $widef32 (f32.demote_f64 (call $valuef64 (local.get $left)))))
    (call $keep (call $widef32 (f32.convert_i64_u (i64.reinterpret_f64 (call $valuef64 (local.get $left))))))
    (call $keep (call $widef64 (f64.convert_i64_s (i64.reinterpret_f64 (call $valuef64 (local.get $left))))))
    (call $keep (call $widef64 (f64.reinterpret_i64 (i64.const 0x7ff4000000000001)))))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (local $left i32) (local $right i32)
    (drop (memory.grow (i32.const 2)))
    (loop $rows
      (local.set $right (i32.const 0))
      (loop $columns
        (call $all (local.get $left) (local.get $right))
        (br_if $columns
          (i32.lt_u (local.tee $right (i32.add (local.get $right) (i32.const 1))) (i32.const 16))))
      (br_if $rows
        (i32.lt_u (local.tee $left (i32.add (local.get $left) (i32.const 1))) (i32.const 16))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get 0))
    (i32.store (i32.const 24) (local.get 1))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
