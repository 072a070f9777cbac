;; Every bulk operation on memory and table, in sizes that no small slice pays for.
(module
  (type $act (func (param i32 i32) (result i32)))
  (memory (export "memory") 4)
  (table $main 4000 funcref)
  (elem (table $main) (i32.const 0) func $one $two)
  (elem $spare func $two $one $two $one)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[]}")
  (data $passive "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")

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
  (func $one (type $act) (i32.const 1))
  (func $two (type $act) (i32.const 2))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (local $index i32) (local $sum i32)
    (memory.fill (i32.const 70000) (i32.const 7) (i32.const 60000))
    (memory.init $passive (i32.const 70010) (i32.const 3) (i32.const 60))
    (data.drop $passive)
    ;; Overlapping, both ways.
    (memory.copy (i32.const 70001) (i32.const 70000) (i32.const 50000))
    (memory.copy (i32.const 80000) (i32.const 80003) (i32.const 50000))
    (table.init $main $spare (i32.const 10) (i32.const 0) (i32.const 4))
    (elem.drop $spare)
    (table.fill $main (i32.const 100) (ref.func $two) (i32.const 1000))
    (table.copy $main $main (i32.const 14) (i32.const 10) (i32.const 2000))
    (table.copy $main $main (i32.const 3) (i32.const 11) (i32.const 1500))
    (table.set $main (i32.const 5) (table.get $main (i32.const 6)))
    (loop $again
      (if (i32.eqz (ref.is_null (table.get $main (local.get $index))))
        (then
          (local.set $sum
            (i32.add (i32.mul (local.get $sum) (i32.const 31))
              (call_indirect $main (type $act) (i32.const 0) (i32.const 0) (local.get $index))))))
      (br_if $again
        (i32.lt_u (local.tee $index (i32.add (local.get $index) (i32.const 1))) (i32.const 4000))))
    (i32.store (i32.const 200) (local.get $sum))
    (i32.store (i32.const 204) (table.size $main))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get 0))
    (i32.store (i32.const 24) (local.get 1))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
