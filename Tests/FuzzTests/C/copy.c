/* torpor-copy that makes files of an archive of anybody's: the first byte says where, and what is kept. */
#include "harness.h"

#include "../../../Sources/TorporCopy/extract.c"

static int32_t next_descriptor;
static int was_found;

/* Below the place that the user named there is one name at a time, which leads nowhere. */
static void expect_name(long directory, long name) {
    const char *text = (const char *)name;
    if (directory == AT_FDCWD || texts_equal(text, ".")) return;
    expect(*text && !texts_equal(text, ".."));
    for (; *text; text++) expect(*text != '/');
}

static long open_name(long directory, long name) {
    expect_name(directory, name);
    return usually(next_descriptor++);
}

long call6(long number, long a, long b, long c, long d, long e, long f) {
    (void)e, (void)f;
    switch (number) {
    case __NR_exit_group: longjmp(fuzz_over, 1);
    case __NR_read: return a == 0 ? (long)next_bytes((void *)b, (size_t)c) : 0;
    case __NR_write: return c;
    case __NR_getpid: return 4242;
    case __NR_openat:
        /* The place is there, or it is not, but no link is endless. */
        if (a == AT_FDCWD && !was_found++) return random_below(2) ? next_descriptor++ : -ENOENT;
        return open_name(a, b);
    case __NR_readlinkat: return -EINVAL;
    case __NR_mkdirat:
    case __NR_unlinkat:
    case __NR_fchownat: expect_name(a, b); return usually(0);
    case __NR_symlinkat: expect_name(b, c); return usually(0);
    case __NR_utimensat: if (b) expect_name(a, b); return usually(0);
    case __NR_linkat:
    case __NR_renameat2:
        expect_name(a, b);
        expect_name(c, d);
        return usually(0);
    case __NR_fcntl: return usually(next_descriptor++);
    default: return usually(0);
    }
}

/* Right checksums, or hardly anything that fuzzing comes up with would be read any further. */
static void mend_checksums(uint8_t *bytes, size_t size) {
    for (size_t at = 1; at + BLOCK_BYTES <= size; at += BLOCK_BYTES) {
        struct header *header = (struct header *)(bytes + at);
        if (header->magic[0] != 'u' || header->magic[1] != 's') continue;
        uint32_t sum = 0;
        memset(header->sum, ' ', sizeof header->sum);
        for (size_t i = 0; i < BLOCK_BYTES; i++) sum += bytes[at + i];
        for (int i = 5; i >= 0; i--, sum >>= 3) header->sum[i] = (char)('0' + (sum & 7));
        header->sum[6] = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const names[] = {"", ".", "name", ""};
    const char *last;
    static uint8_t mended[1 << 16];
    if (size > sizeof mended) return 0;
    memcpy(mended, bytes, size);
    mend_checksums(mended, size);
    fuzz_begin(mended, size);
    uint8_t kind = next_byte();
    next_descriptor = 10;
    was_found = status = 0;
    level_count = 0;
    input_start = input_end = 0;
    unfinished_parent = -1;
    memset(&entry, 0, sizeof entry);
    memset(&place, 0, sizeof place);
    memcpy(temporary, ".torpor-cp.", sizeof ".torpor-cp.");
    if (_setjmp(fuzz_over)) return 0;
    /* What it remembers of the archive before. */
    parent_of(3, "other/one", &last);
    extract("place", names[kind & 3], kind >> 2 & 3);
    return 0;
}
