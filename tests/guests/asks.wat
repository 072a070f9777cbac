;; What a guest can ask its host. The first letter of the request picks it.
(module
  (type $act (func (param i32 i32) (result i32)))
  (import "smcp:server/context@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "progress" (func $progress (param f64 i32 f64 i32 i32 i32)))
  (import "smcp:server/context@0.1.0" "now" (func $now (result i64)))
  (import "smcp:server/context@0.1.0" "random" (func $random (param i32 i32)))
  (import "smcp:server/context@0.1.0" "sleep" (func $sleep (param i32)))
  (import "smcp:server/context@0.1.0" "who" (func $who (param i32)))
  (memory (export "memory") 1)
  (table 25 funcref)
  (elem (i32.const 0)
    $random_much $random_all $random_most $random_none $random_outside $random_unaligned
    $who_outside $who_unaligned $log_much $log_outside $log_wrapping $log_not_utf8
    $log_level $log_level_high $log_logger $log_logger_outside $log_logger_absent
    $progress_total $progress_message $progress_nan $sleep_long $through_table $often $deep)
  (elem (i32.const 24) $now)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 64) "{\"tools\":[]}")
  (data (i32.const 96) "\"half\"")
  (data (i32.const 104) "a\ff\feb")

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
  (func $sum (param i32) (result i64)
    (if (result i64) (local.get 0)
      (then
        (i64.add
          (i64.mul (call $now) (i64.extend_i32_u (local.get 0)))
          (i64.sub (call $sum (i32.sub (local.get 0) (i32.const 1))) (call $now))))
      (else (i64.const 0))))
  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 12))
    (i32.const 16))
  (func (export "smcp:server/handler@0.1.0#call-tool") (param i32 i32) (result i32)
    (call_indirect (type $act) (local.get 0) (local.get 1)
      (i32.sub (i32.load8_u (local.get 0)) (i32.const 97))))

  ;; a: more random bytes than it may at a time.
  (func $random_much (type $act)
    (call $random (i32.const 65537) (i32.const 200))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; b: as many random bytes as there are numbers.
  (func $random_all (type $act)
    (call $random (i32.const -1) (i32.const 200))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; c: as many random bytes as it may.
  (func $random_most (type $act)
    (call $random (i32.const 65536) (i32.const 200))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; d: no random bytes.
  (func $random_none (type $act)
    (call $random (i32.const 0) (i32.const 200))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; e: random bytes, answered outside its memory.
  (func $random_outside (type $act)
    (call $random (i32.const 4) (i32.const -8))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; f: random bytes, answered at an odd address.
  (func $random_unaligned (type $act)
    (call $random (i32.const 4) (i32.const 201))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; g: who calls, answered where the record does not fit.
  (func $who_outside (type $act)
    (call $who (i32.const 65512))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; h: who calls, answered at an odd address.
  (func $who_unaligned (type $act)
    (call $who (i32.const 257))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; i: to log two megabytes.
  (func $log_much (type $act)
    (drop (memory.grow (i32.const 40)))
    (call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2097152))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; j: to log what is outside its memory.
  (func $log_outside (type $act)
    (call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 65530) (i32.const 8))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; k: to log what ends over 32 bits.
  (func $log_wrapping (type $act)
    (call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 1048576))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; l: to log what is not UTF-8.
  (func $log_not_utf8 (type $act)
    (call $log (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 104) (i32.const 3))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; m: to log at a level that is none.
  (func $log_level (type $act)
    (call $log (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 96) (i32.const 6))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; n: to log at the last level that a number can name.
  (func $log_level_high (type $act)
    (call $log (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 96) (i32.const 6))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; o: to log for a logger that is neither there nor not.
  (func $log_logger (type $act)
    (call $log (i32.const 1) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 96) (i32.const 6))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; p: to log for a logger outside its memory.
  (func $log_logger_outside (type $act)
    (call $log (i32.const 1) (i32.const 1) (i32.const -1) (i32.const 1) (i32.const 96) (i32.const 6))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; q: to log for no logger, whose address is nonsense: allowed.
  (func $log_logger_absent (type $act)
    (call $log (i32.const 1) (i32.const 0) (i32.const -1) (i32.const -1) (i32.const 96) (i32.const 6))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; r: to tell progress towards a total that is neither there nor not.
  (func $progress_total (type $act)
    (call $progress (f64.const 0.5) (i32.const 7) (f64.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; s: to tell progress with a message that is neither there nor not.
  (func $progress_message (type $act)
    (call $progress (f64.const 0.5) (i32.const 0) (f64.const 0)
      (i32.const 7) (i32.const 0) (i32.const 0))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; t: to tell progress that is no number: allowed here.
  (func $progress_nan (type $act)
    (call $progress (f64.const nan) (i32.const 1) (f64.const -inf)
      (i32.const 0) (i32.const 0) (i32.const 0))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; u: to sleep as long as a number can say.
  (func $sleep_long (type $act)
    (call $sleep (i32.const -1))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; v: the time through the table, twice, and keeps both.
  (func $through_table (type $act)
    (i64.store (i32.const 200) (call_indirect (result i64) (i32.const 24)))
    (i64.store (i32.const 208) (i64.add (call_indirect (result i64) (i32.const 24)) (i64.const 1)))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; w: the time a thousand times, and adds it up.
  (func $often (type $act)
    (local $left i32) (local $sum i64)
    (local.set $left (i32.const 1000))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $now)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i64.store (i32.const 200) (local.get $sum))
    (call $ok (i32.const 64) (i32.const 12)))

  ;; x: the time in the depth of a recursion, with values on the stack.
  (func $deep (type $act)
    (i64.store (i32.const 200) (call $sum (i32.const 300)))
    (call $ok (i32.const 64) (i32.const 12)))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32) (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32) (unreachable)))
