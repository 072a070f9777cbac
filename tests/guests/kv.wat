;; `call-tool` runs a little program on its key-value storage: the characters between the first `!` of the
;; request and the next `"`. Keys and values are single characters; `-` stands for no value. What it
;; reads is the text of its result.
;;
;;   gK    reads K (and GK the caller's own)      kP  lists the keys that begin with P (`*`: all)
;;   sKV   sets K to V (and SKV the caller's own)  z   sleeps for a millisecond
;;   b     becomes a task, if it may                Z   sleeps for ten seconds
;;   tKV   sets it for a second                    ?   asks the client who it is
;;   dK    removes K                               n   tells listeners that the resource `a:b` changed
;;   cKEV  sets K to V if it is E                  e   returns a result that is an error
;;   +K    counts K up by one                      p   returns a protocol error        u   traps
;;
;; What must outlast many calls is a number of eight digits, which a character has no room for:
;;
;;   #K    counts K up as one, and shows it        vK  shows all of K
;;   =K00000000  sets K to one
;;
;; It asks another host, and shows the first character of the answer, or `!` and the number of the error:
;;
;;   w     with GET        W     with POST        P00000000  with POST, to a path of its own
(module
  (import "smcp:server/context@0.1.0" "sleep" (func $sleep (param i32)))
  (import "smcp:server/context@0.1.0" "begin-task" (func $begin-task (result i32)))
  (import "smcp:server/client@0.1.0" "ask" (func $ask (param i32 i32 i32)))
  (import "smcp:server/notify@0.1.0" "resource-updated" (func $updated (param i32 i32)))
  (import "smcp:server/kv@0.1.0" "get" (func $get (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "delete" (func $delete (param i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "swap"
    (func $swap (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/kv@0.1.0" "keys" (func $keys (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "smcp:server/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (global $out (mut i32) (i32.const 8192))
  (global $failed (mut i32) (i32.const 0))
  (data (i32.const 64) "{\"tools\":[{\"name\":\"run\",\"inputSchema\":{\"type\":\"object\"},\"execution\":{\"taskSupport\":\"optional\"}},{\"name\":\"look\",\"inputSchema\":{\"type\":\"object\"},\"annotations\":{\"readOnlyHint\":true}}],\"resources\":[{\"uri\":\"a:b\",\"name\":\"b\"}]}")
  (data (i32.const 512) "who{\"method\":\"elicitation/create\",\"params\":{\"message\":\"Who?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}}")
  (data (i32.const 1024) "{\"content\":[{\"type\":\"text\",\"text\":\"")
  (data (i32.const 1100) "\"}],\"isError\":true}")
  (data (i32.const 1132) "\"}]}")
  (data (i32.const 1152) "a:b")
  (data (i32.const 1156) "refused")
  (data (i32.const 1300) "GETPOSThttps://api.example.com/w")
  (data (i32.const 1340) "https://api.example.com/00000000")
  ;; One question: id and request.
  (data (i32.const 1200) "\00\02\00\00\03\00\00\00\03\02\00\00\6f\00\00\00")

  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
      (then
        (drop
          (memory.grow
            (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1))))))
    (local.get $at))

  (func (export "smcp:server/handler@0.1.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 220))
    (i32.const 16))

  (func $put (param $byte i32)
    (i32.store8 (global.get $out) (local.get $byte))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))

  (func $copy (param $from i32) (param $len i32)
    (memory.copy (global.get $out) (local.get $from) (local.get $len))
    (global.set $out (i32.add (global.get $out) (local.get $len))))

  ;; A refusal is shown as `#` and its number. Answers are at 4096; those with a list have their second
  ;; case at the list's alignment.
  (func $check (param $wide i32)
    (if (i32.load8_u (i32.const 4096))
      (then
        (call $put (i32.const 35))
        (call $put
          (i32.add
            (i32.const 48)
            (if (result i32) (local.get $wide)
              (then (i32.load8_u (i32.const 4100)))
              (else (i32.load8_u (i32.const 4097)))))))))

  ;; The value of a key as a character; `-` if there is none.
  (func $value (param $space i32) (param $key i32) (result i32)
    (call $get (local.get $space) (local.get $key) (i32.const 1) (i32.const 4096))
    (call $check (i32.const 1))
    (if (i32.load8_u (i32.const 4096)) (then (return (i32.const 35))))
    (if (result i32) (i32.load8_u (i32.const 4100))
      (then (i32.load8_u (i32.load (i32.const 4104))))
      (else (i32.const 45))))

  (func $store (param $space i32) (param $key i32) (param $value i32) (param $ttl i32)
    (call $set (local.get $space) (local.get $key) (i32.const 1) (local.get $value) (i32.const 1)
      (local.get $ttl) (i32.const 1) (i32.const 4096))
    (call $check (i32.const 0)))

  (func $list (param $prefix i32)
    (local $at i32) (local $end i32)
    (call $keys (i32.const 0) (local.get $prefix)
      (i32.ne (i32.load8_u (local.get $prefix)) (i32.const 42))
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 4096))
    (call $check (i32.const 1))
    (if (i32.load8_u (i32.const 4096)) (then (return)))
    (local.set $at (i32.load (i32.const 4100)))
    (local.set $end
      (i32.add (local.get $at) (i32.shl (i32.load (i32.const 4104)) (i32.const 3))))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (call $copy (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))
          (call $put (i32.const 44))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br $next)))))

  ;; Whether a character stands for a value.
  (func $is (param $at i32) (result i32)
    (i32.ne (i32.load8_u (local.get $at)) (i32.const 45)))

  (func $exchange (param $key i32)
    (local $expected i32) (local $value i32)
    (local.set $expected (i32.add (local.get $key) (i32.const 1)))
    (local.set $value (i32.add (local.get $key) (i32.const 2)))
    (call $swap (i32.const 0) (local.get $key) (i32.const 1)
      (call $is (local.get $expected)) (local.get $expected) (i32.const 1)
      (call $is (local.get $value)) (local.get $value) (i32.const 1)
      (i32.const 0) (i32.const 0) (i32.const 4096))
    (call $check (i32.const 0))
    (if (i32.eqz (i32.load8_u (i32.const 4096)))
      (then
        (call $put
          (select (i32.const 84) (i32.const 70) (i32.load8_u (i32.const 4097)))))))

  (func $count (param $key i32)
    (local $value i32)
    (local.set $value (call $value (i32.const 0) (local.get $key)))
    (if (i32.eq (local.get $value) (i32.const 45)) (then (local.set $value (i32.const 48))))
    (i32.store8 (i32.const 5000) (i32.add (local.get $value) (i32.const 1)))
    (call $store (i32.const 0) (local.get $key) (i32.const 5000) (i32.const 0)))

  ;; All of a key's value.
  (func $show (param $key i32)
    (call $get (i32.const 0) (local.get $key) (i32.const 1) (i32.const 4096))
    (call $check (i32.const 1))
    (if (i32.load8_u (i32.const 4096)) (then (return)))
    (if (i32.load8_u (i32.const 4100))
      (then (call $copy (i32.load (i32.const 4104)) (i32.load (i32.const 4108))))
      (else (call $put (i32.const 45)))))

  (func $number (param $key i32) (param $digits i32)
    (call $set (i32.const 0) (local.get $key) (i32.const 1) (local.get $digits) (i32.const 8)
      (i32.const 0) (i32.const 0) (i32.const 4096))
    (call $check (i32.const 0)))

  ;; Digits are counted up at 5008, from the last of them on.
  (func $tally (param $key i32)
    (local $at i32)
    (call $get (i32.const 0) (local.get $key) (i32.const 1) (i32.const 4096))
    (call $check (i32.const 1))
    (if (i32.load8_u (i32.const 4096)) (then (return)))
    (if (i32.load8_u (i32.const 4100))
      (then (memory.copy (i32.const 5008) (i32.load (i32.const 4104)) (i32.const 8)))
      (else (memory.fill (i32.const 5008) (i32.const 48) (i32.const 8))))
    (local.set $at (i32.const 5015))
    (loop $carry
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 57))
        (then
          (i32.store8 (local.get $at) (i32.const 48))
          (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (br $carry))))
    (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
    (call $number (local.get $key) (i32.const 5008))
    (call $copy (i32.const 5008) (i32.const 8)))

  (func $fetch (param $method i32) (param $len i32) (param $url i32) (param $url_len i32)
    (call $send (local.get $method) (local.get $len) (local.get $url) (local.get $url_len) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4096))
    (if (i32.load8_u (i32.const 4096))
      (then
        (call $put (i32.const 33))
        (call $put (i32.add (i32.const 48) (i32.load8_u (i32.const 4100)))))
      (else (call $put (i32.load8_u (i32.load (i32.const 4112)))))))

  ;; One step of the program; gives how many characters it took, or 0 at a protocol error.
  (func $step (param $at i32) (result i32)
    (local $op i32) (local $one i32) (local $two i32)
    (local.set $op (i32.load8_u (local.get $at)))
    (local.set $one (i32.add (local.get $at) (i32.const 1)))
    (local.set $two (i32.add (local.get $at) (i32.const 2)))
    (if (i32.eq (local.get $op) (i32.const 103)) ;; g
      (then (call $put (call $value (i32.const 0) (local.get $one))) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 71)) ;; G
      (then (call $put (call $value (i32.const 1) (local.get $one))) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 115)) ;; s
      (then
        (call $store (i32.const 0) (local.get $one) (local.get $two) (i32.const 0))
        (return (i32.const 3))))
    (if (i32.eq (local.get $op) (i32.const 83)) ;; S
      (then
        (call $store (i32.const 1) (local.get $one) (local.get $two) (i32.const 0))
        (return (i32.const 3))))
    (if (i32.eq (local.get $op) (i32.const 116)) ;; t
      (then
        (call $store (i32.const 0) (local.get $one) (local.get $two) (i32.const 1))
        (return (i32.const 3))))
    (if (i32.eq (local.get $op) (i32.const 100)) ;; d
      (then
        (call $delete (i32.const 0) (local.get $one) (i32.const 1) (i32.const 4096))
        (call $check (i32.const 0))
        (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 99)) ;; c
      (then (call $exchange (local.get $one)) (return (i32.const 4))))
    (if (i32.eq (local.get $op) (i32.const 43)) ;; +
      (then (call $count (local.get $one)) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 35)) ;; #
      (then (call $tally (local.get $one)) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 118)) ;; v
      (then (call $show (local.get $one)) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 61)) ;; =
      (then (call $number (local.get $one) (local.get $two)) (return (i32.const 10))))
    (if (i32.eq (local.get $op) (i32.const 107)) ;; k
      (then (call $list (local.get $one)) (return (i32.const 2))))
    (if (i32.eq (local.get $op) (i32.const 119)) ;; w
      (then (call $fetch (i32.const 1300) (i32.const 3) (i32.const 1307) (i32.const 25)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 87)) ;; W
      (then (call $fetch (i32.const 1303) (i32.const 4) (i32.const 1307) (i32.const 25)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 80)) ;; P
      (then
        (memory.copy (i32.const 1364) (local.get $one) (i32.const 8))
        (call $fetch (i32.const 1303) (i32.const 4) (i32.const 1340) (i32.const 32))
        (return (i32.const 9))))
    (if (i32.eq (local.get $op) (i32.const 122)) ;; z
      (then (call $sleep (i32.const 1)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 90)) ;; Z
      (then (call $sleep (i32.const 10000)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 98)) ;; b
      (then (drop (call $begin-task)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 63)) ;; ?
      (then (call $ask (i32.const 1200) (i32.const 1) (i32.const 4096)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 110)) ;; n
      (then (call $updated (i32.const 1152) (i32.const 3)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 101)) ;; e
      (then (global.set $failed (i32.const 1)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 112)) ;; p
      (then (return (i32.const 0))))
    (unreachable))

  ;; `protocol-error { code: s32, message: string, data: option<string> }`, the second case.
  (func $refuse (result i32)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const -32602))
    (i32.store (i32.const 24) (i32.const 1156))
    (i32.store (i32.const 28) (i32.const 7))
    (i32.store (i32.const 32) (i32.const 0))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#call-tool") (param $at i32) (param $len i32) (result i32)
    (local $took i32)
    (call $copy (i32.const 1024) (i32.const 35))
    (loop $find
      (local.set $took (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $find (i32.ne (local.get $took) (i32.const 33))))
    (loop $next
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 34))
        (then
          (local.set $took (call $step (local.get $at)))
          (if (i32.eqz (local.get $took)) (then (return (call $refuse))))
          (local.set $at (i32.add (local.get $at) (local.get $took)))
          (br $next))))
    (if (global.get $failed)
      (then (call $copy (i32.const 1100) (i32.const 19)))
      (else (call $copy (i32.const 1132) (i32.const 4))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (i32.const 8192))
    (i32.store (i32.const 24) (i32.sub (global.get $out) (i32.const 8192)))
    (i32.const 16))

  (func (export "smcp:server/handler@0.1.0#read-resource") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#get-prompt") (param i32 i32) (result i32)
    (unreachable))
  (func (export "smcp:server/handler@0.1.0#complete") (param i32 i32) (result i32)
    (unreachable)))
