/* What the harnesses share: the input, from which come what is read and which calls fail. The C library is declared by
 * hand, as its headers and the kernel's, which the programs use, are not for one file. */
#pragma once
#include "kernel.h"

void *calloc(size_t count, size_t size);
void free(void *memory);
__attribute__((noreturn)) void abort(void);
__attribute__((returns_twice)) int _setjmp(long *place);
__attribute__((noreturn)) void longjmp(long *place, int value);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const uint8_t *fuzz_input;
static size_t fuzz_left;
static uint64_t fuzz_chance;
static long fuzz_over[64]; /* a jmp_buf, which is shorter */

static void fuzz_begin(const uint8_t *bytes, size_t size) {
    fuzz_input = bytes;
    fuzz_left = size;
    fuzz_chance = size;
    for (size_t i = 0; i < size; i++) fuzz_chance = fuzz_chance * 1099511628211u + bytes[i];
}

static uint32_t random_below(uint32_t bound) {
    fuzz_chance = fuzz_chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(fuzz_chance >> 33) % bound;
}

/* Now and then one of the errors that a call may have; else what it returns. */
static long usually(long result) {
    static const int errors[] = {ENOENT, EEXIST, EINVAL, ENOTDIR, EPERM, ELOOP, EINTR, ENOSPC};
    return random_below(16) ? result : -errors[random_below(8)];
}

static uint8_t next_byte(void) {
    if (!fuzz_left) return 0;
    fuzz_left--;
    return *fuzz_input++;
}

static size_t next_bytes(void *to, size_t most) {
    size_t count = most < fuzz_left ? most : fuzz_left;
    memcpy(to, fuzz_input, count);
    fuzz_input += count;
    fuzz_left -= count;
    return count;
}

/* A promise that does not hold is a crash. */
static void expect(int holds) {
    if (!holds) abort();
}
