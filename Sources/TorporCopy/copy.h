/* torpor-copy: one side of `torpor cp`. It writes a tree of files as a tar archive to its standard output, or makes the
 * files of one that comes in on its standard input. The command line runs it beside itself, and the daemon inside of a
 * container, so neither an image nor a host must have tar(1); and what one side writes, the other may not trust. */
#pragma once
#include "../TorporInit/kernel.h"

#include <linux/stat.h>

enum {
    BLOCK_BYTES = 512,
    NAME_BYTES = 4096,       /* of a path, with its NUL */
    DIRECTORY_LEVELS = 256,  /* below the top; each holds a descriptor */
    HEADER_BYTES = 256 << 10 /* of the records before an entry (pax), which may carry attributes */
};

/* Exit statuses beside 0. Sources/CopyProgram/CopyWork.swift has them, too. */
enum { EXIT_TOLD = 1, EXIT_USAGE = 2, EXIT_NO_ARCHIVE = 3, EXIT_NO_READER = 4 };

/* Types of files within a mode (S_IFMT), which only the C library's headers name without a C library's declarations. */
enum { TYPE_MASK = 0170000, TYPE_REGULAR = 0100000, TYPE_DIRECTORY = 0040000, TYPE_LINK = 0120000 };

/* An entry of an archive, as its header and the records before it say. */
struct entry {
    char name[NAME_BYTES], target[NAME_BYTES];
    uint64_t size, uid, gid;
    int64_t seconds;
    uint32_t nanoseconds, mode;
    char type; /* '0' a file, '1' a hard link, '2' a link, '5' a directory */
};

/* A header of ustar. Numbers are octal texts. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], time[12], sum[8], type, target[100], magic[8], owner[32],
        group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is one block");

/* main.c */
__attribute__((noreturn)) void leave(int status);
/* A line on standard error: "PATH/BELOW: what". Whoever reads it may not trust it. */
void tell(const char *path, const char *below, const char *what);
const char *reason(long error);
/* Reads or writes all of it; returns how much, less at the end of the stream, or -errno. */
long read_all(int32_t descriptor, void *bytes, size_t count);
long write_all(int32_t descriptor, const void *bytes, size_t count);

/* header.c: headers as bytes. */
/* Puts the header of an entry, with a pax header before it where it needs one, into `to`, which has room for
 * HEAD_MOST bytes. Returns how many it takes. */
enum { HEAD_MOST = 3 * BLOCK_BYTES + 2 * NAME_BYTES + BLOCK_BYTES };
size_t put_header(char *to, const struct entry *entry);
/* Reads a header into what its records have not said already. Returns 0, or -1 when it is none. */
int take_header(const struct header *header, struct entry *entry, uint32_t *known);
/* Reads the records of a pax header. Returns 0, or -1 when they are none. */
int take_records(char *records, size_t size, struct entry *entry, uint32_t *known);
/* What of an entry is known from the records before its header. */
enum { KNOWN_NAME = 1, KNOWN_TARGET = 2, KNOWN_SIZE = 4, KNOWN_TIME = 8, KNOWN_UID = 16, KNOWN_GID = 32, IS_SPARSE = 64 };

/* create.c: writes the archive of `path`. Returns the exit status.
 * top: what a directory at `path` is called in the archive, such as "."; follows: a link at `path` is its target. */
int create(const char *path, const char *top, int follows);

/* extract.c: makes files of the archive. Returns the exit status.
 * as "": its entries below the directory `path`, which must be there. Else the archive has one file, or one directory "."
 * with what is in it, and is put where cp(1) puts it: under this name in a directory that is there, or as `path` itself.
 * as ".": what a directory has, not itself. */
enum { KEEP_OWNERS = 1, KEEP_SET_ID = 2 };
int extract(const char *path, const char *as, uint32_t keep);

/* place.c: directories below the top, by descriptors; no link is ever followed there. */
struct place {
    int32_t directory;     /* that entries are made in; lent */
    int is_new;            /* it was made for them */
    int is_inside;         /* what comes goes below the path, under the name that it has */
    char name[NAME_BYTES]; /* of a single file; "" for a directory */
};
/* Where the archive's first entry belongs. Told and gone where there is no place for it. */
void find_place(const char *path, const char *as, int is_directory, struct place *place);
/* The directory that `name` lies in, which is made where it is missing; its last part goes to *last. Lent until the next
 * call. Told and gone where there can be none. */
int32_t parent_of(int32_t top, const char *name, const char **last);

static inline int texts_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}
static inline uint64_t padded(uint64_t size) { return (size + BLOCK_BYTES - 1) & ~(uint64_t)(BLOCK_BYTES - 1); }
