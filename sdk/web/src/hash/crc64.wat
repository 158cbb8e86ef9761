;; CRC-64 (ECMA-182, reflected), sixteen bytes per turn: the inner loop of fast-crc64.ts. With 64-bit words it is about
;; three times as fast as JavaScript. `vite-wat.ts` assembles it when the SDK is built.
;;
;; Memory: 16 tables of 256 words of 8 bytes (filled by fast-crc64.ts), then the data, from byte 32768 to the end.
;; Table 15 belongs to the first byte of a turn, table 0 to the last.
(module
  (memory (export "memory") 17)

  ;; Process whole turns of the data from `at` until `until`, at least one; return the new state.
  (func (export "step") (param $crc i64) (param $at i32) (param $until i32) (result i64)
    (local $first i64) (local $second i64)
    (loop $turn
      (local.set $first (i64.xor (local.get $crc) (i64.load (local.get $at))))
      (local.set $second (i64.load offset=8 (local.get $at)))

      ;; Byte n of a word, times 8, is the address in its table: shift it to bits 3 to 10, mask with 255 * 8.
      (i64.load offset=30720 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shl   (local.get $first) (i64.const 3)))))
      (i64.load offset=28672 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 5))))) (i64.xor)
      (i64.load offset=26624 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 13))))) (i64.xor)
      (i64.load offset=24576 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 21))))) (i64.xor)
      (i64.load offset=22528 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 29))))) (i64.xor)
      (i64.load offset=20480 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 37))))) (i64.xor)
      (i64.load offset=18432 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 45))))) (i64.xor)
      (i64.load offset=16384 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $first) (i64.const 53))))) (i64.xor)
      (i64.load offset=14336 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shl   (local.get $second) (i64.const 3))))) (i64.xor)
      (i64.load offset=12288 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 5))))) (i64.xor)
      (i64.load offset=10240 (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 13))))) (i64.xor)
      (i64.load offset=8192  (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 21))))) (i64.xor)
      (i64.load offset=6144  (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 29))))) (i64.xor)
      (i64.load offset=4096  (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 37))))) (i64.xor)
      (i64.load offset=2048  (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 45))))) (i64.xor)
      (i64.load offset=0     (i32.and (i32.const 2040) (i32.wrap_i64 (i64.shr_u (local.get $second) (i64.const 53))))) (i64.xor)
      (local.set $crc)

      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $turn (i32.lt_u (local.get $at) (local.get $until))))
    (local.get $crc)))
