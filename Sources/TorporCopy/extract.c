/* An archive becomes files. Whoever wrote it is not trusted: no name leads out of the top, no link is followed on the way,
 * nothing that is there is written through, and no device, and unless asked for no set-user-id program, is made. A file
 * appears under its name when it is whole. */
#include "copy.h"

enum { DRAINED_BYTES = 1 << 20, SET_ID = 06000, NOW_NANOSECONDS = (1 << 30) - 1 /* UTIME_NOW */ };

/* A directory that was made, until the entries below it are over: only then it gets its mode, which may forbid them, and
 * its time. */
struct level { size_t length; int32_t directory; uint32_t mode; uint64_t uid, gid; int64_t seconds; uint32_t nanoseconds; };

static struct level levels[DIRECTORY_LEVELS + 1];
static uint32_t level_count, keeps;
static char level_name[NAME_BYTES];

static struct entry entry;
static char input[64 << 10], records[HEADER_BYTES + 1];
static size_t input_start, input_end;
static struct place place;
static const char *target;
static int is_archive, status;

/* Where a file is being made, to be removed where it cannot be. */
static int32_t unfinished_parent = -1;
static char temporary[32] = ".torpor-cp.";

static __attribute__((noreturn)) void give_up(int with) {
    if (unfinished_parent >= 0) kernel(unlinkat, unfinished_parent, temporary, 0);
    leave(with);
}

static void say(const char *what) { tell(target, place.name[0] ? "" : entry.name, what); }

static __attribute__((noreturn)) void refuse(const char *what) {
    say(what);
    give_up(EXIT_TOLD);
}

static void complain(const char *what) {
    say(what);
    status = EXIT_TOLD;
}

static __attribute__((noreturn)) void no_archive(const char *what) {
    tell("", "", what);
    give_up(EXIT_NO_ARCHIVE);
}

/* MARK: The stream */

/* The next bytes, at most so many; lent until the next call. Returns how many, 0 at the end. */
static size_t take(uint64_t most, const char **bytes) {
    if (input_start == input_end) {
        long count;
        do count = kernel(read, 0, input, sizeof input);
        while (count == -EINTR);
        if (count < 0) no_archive(reason(count));
        input_start = 0;
        input_end = count;
    }
    size_t there = input_end - input_start;
    if (there > most) there = most;
    *bytes = input + input_start;
    input_start += there;
    return there;
}

static void take_all(void *to, size_t count) {
    char *at = to;
    while (count) {
        const char *bytes;
        size_t part = take(count, &bytes);
        if (!part) no_archive("the archive ends too early");
        memcpy(at, bytes, part);
        at += part;
        count -= part;
    }
}

static void skip(uint64_t count) {
    while (count) {
        const char *bytes;
        size_t part = take(count, &bytes);
        if (!part) no_archive("the archive ends too early");
        count -= part;
    }
}

/* Reads a name that GNU tar puts before its entry. */
static void take_long(char *to, uint64_t size) {
    if (!size || size > NAME_BYTES) no_archive("a name of the archive is too long");
    take_all(to, size);
    to[size < NAME_BYTES ? size : NAME_BYTES - 1] = 0;
    skip(padded(size) - size);
}

/* The records before an entry, up to its own header. Returns whether these were some. */
static int take_extra(const struct header *header, uint32_t *known) {
    static struct entry extra;
    uint32_t nothing = 0;
    if (header->type != 'x' && header->type != 'g' && header->type != 'L' && header->type != 'K') return 0;
    if (take_header(header, &extra, &nothing)) no_archive("this is no tar archive");
    if (header->type == 'L' || header->type == 'K') {
        take_long(header->type == 'L' ? entry.name : entry.target, extra.size);
        *known |= header->type == 'L' ? KNOWN_NAME : KNOWN_TARGET;
        return 1;
    }
    if (extra.size > HEADER_BYTES) no_archive("a header of the archive is too long");
    take_all(records, extra.size);
    skip(padded(extra.size) - extra.size);
    /* What is said of all entries ('g') is nothing of theirs: comments, and defaults that they repeat. */
    if (header->type == 'x' && take_records(records, extra.size, &entry, known))
        no_archive("this is no tar archive");
    return 1;
}

/* Reads up to the next entry. Returns 0 at the end of the archive. */
static int next_entry(int is_first) {
    static struct header header;
    const char *bytes;
    uint32_t known = 0;
    do {
        size_t part = take(1, &bytes);
        if (!part) no_archive(is_first ? "there is no archive: the input is empty" : "the archive ends too early");
        memcpy(&header, bytes, 1);
        take_all((char *)&header + 1, sizeof header - 1);
        if (!header.name[0] && !header.sum[0]) return 0;
        is_first = 0;
    } while (take_extra(&header, &known));
    if (take_header(&header, &entry, &known)) no_archive("this is no tar archive");
    if (header.type == 'S' || known & IS_SPARSE) refuse("a file with holes of GNU tar is not read");
    return 1;
}

/* MARK: Files */

static void set_state(int32_t file, uint32_t mode, uint64_t uid, uint64_t gid, int64_t seconds, uint32_t nanoseconds) {
    /* struct timespec, of now and of the change. */
    int64_t times[4] = {0, NOW_NANOSECONDS, seconds, nanoseconds};
    if (keeps & KEEP_OWNERS) {
        long result = kernel(fchown, file, (uint32_t)uid, (uint32_t)gid);
        if (result < 0) complain(result == -EPERM ? "its owner cannot be kept by this user" : reason(result));
    }
    long result = kernel(fchmod, file, keeps & KEEP_SET_ID ? mode : mode & ~SET_ID);
    if (result < 0) complain(reason(result));
    /* A time that a file system cannot have is no reason not to copy. */
    kernel(utimensat, file, 0, times, 0);
}

/* Leaves the directories that `name` is not in; null is in none. */
static void leave_levels(const char *name) {
    while (level_count) {
        const struct level *last = &levels[level_count - 1];
        size_t same = 0;
        while (name && same < last->length && name[same] == level_name[same]) same++;
        if (name && same == last->length && (!same || name[same] == '/')) return;
        set_state(last->directory, last->mode, last->uid, last->gid, last->seconds, last->nanoseconds);
        kernel(close, last->directory);
        level_count--;
    }
}

static void enter_level(int32_t parent, const char *last) {
    if (level_count > DIRECTORY_LEVELS) refuse("more than 256 directories within each other are not copied");
    long directory = kernel(openat, parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (directory < 0) refuse(reason(directory));
    size_t length = text_length(entry.name);
    memcpy(level_name, entry.name, length + 1);
    levels[level_count++] = (struct level){length, (int32_t)directory, entry.mode, entry.uid, entry.gid, entry.seconds,
                                           entry.nanoseconds};
}

/* A directory that is there stays as it is. */
static void make_directory(int32_t parent, const char *last) {
    long result = kernel(mkdirat, parent, last, 0700);
    if (result >= 0) {
        enter_level(parent, last);
        return;
    }
    if (result != -EEXIST) refuse(reason(result));
    long directory = kernel(openat, parent, last, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (directory < 0) refuse("is there, and no directory; links are not followed");
    kernel(close, directory);
}

/* What was made under another name takes its own, and the place of what is there. */
static void finish(int32_t parent, const char *last) {
    long result = kernel(renameat2, parent, temporary, parent, last, 0);
    if (result < 0) refuse(reason(result));
    /* Two names of one file: then nothing was moved. */
    kernel(unlinkat, parent, temporary, 0);
    unfinished_parent = -1;
}

/* One that was killed before could not remove its own. */
static void begin(int32_t parent) {
    kernel(unlinkat, parent, temporary, 0);
    unfinished_parent = parent;
}

static void make_file(int32_t parent, const char *last) {
    begin(parent);
    long file = kernel(openat, parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) refuse(reason(file));
    for (uint64_t left = entry.size; left;) {
        const char *bytes;
        size_t part = take(left, &bytes);
        if (!part) no_archive("the archive ends too early");
        long result = write_all((int32_t)file, bytes, part);
        if (result < 0) refuse(reason(result));
        left -= part;
    }
    set_state((int32_t)file, entry.mode, entry.uid, entry.gid, entry.seconds, entry.nanoseconds);
    long result = kernel(close, file);
    if (result < 0) refuse(reason(result));
    finish(parent, last);
    skip(padded(entry.size) - entry.size);
}

static void make_link(int32_t parent, const char *last) {
    int64_t times[4] = {0, NOW_NANOSECONDS, entry.seconds, entry.nanoseconds};
    begin(parent);
    long result = kernel(symlinkat, entry.target, parent, temporary);
    if (result < 0) refuse(reason(result));
    if (keeps & KEEP_OWNERS) {
        result = kernel(fchownat, parent, temporary, (uint32_t)entry.uid, (uint32_t)entry.gid, AT_SYMLINK_NOFOLLOW);
        if (result < 0) complain(result == -EPERM ? "its owner cannot be kept by this user" : reason(result));
    }
    kernel(utimensat, parent, temporary, times, AT_SYMLINK_NOFOLLOW);
    finish(parent, last);
}

/* Makes a name of the archive one without "/" at its ends, "." and "//". Returns 0 where it would lead out. */
static int clean(char *name) {
    char *to = name;
    for (const char *part = name; *part;) {
        size_t length = 0;
        while (part[length] && part[length] != '/') length++;
        if (length == 2 && part[0] == '.' && part[1] == '.') return 0;
        if (length && !(length == 1 && part[0] == '.')) {
            if (to != name) *to++ = '/';
            for (size_t i = 0; i < length; i++) *to++ = part[i];
        }
        /* What is read is never behind what is written. */
        part += length;
        while (*part == '/') part++;
        if (!*part) break;
    }
    *to = 0;
    return 1;
}

static void make_hard_link(int32_t parent, const char *last) {
    const char *target_last;
    if (!clean(entry.target) || !*entry.target) refuse("a hard link that leads out of the archive");
    /* It may be the one that `parent` is lent from. */
    long own = kernel(fcntl, parent, F_DUPFD_CLOEXEC, 0);
    if (own < 0) refuse(reason(own));
    int32_t target_parent = parent_of(place.directory, entry.target, &target_last);
    begin((int32_t)own);
    long result = kernel(linkat, target_parent, target_last, own, temporary, 0);
    if (result < 0) refuse(reason(result));
    finish((int32_t)own, last);
    kernel(close, own);
}

/* MARK: Entries */

static void make_entry(void) {
    const char *last = place.name;
    int is_directory = entry.type == '5';
    /* Before POSIX, directories were files whose names end in a slash. */
    size_t length = text_length(entry.name);
    if (entry.type == '0' && length && entry.name[length - 1] == '/') is_directory = 1;
    if (!clean(entry.name)) refuse("a name that leads out of the archive");
    leave_levels(entry.name);
    int32_t parent = *last ? place.directory : parent_of(place.directory, entry.name, &last);
    /* The top itself: it is there. */
    if (!*last) {
        if (!is_directory) refuse("a file without a name");
        return;
    }
    if (is_directory) {
        make_directory(parent, last);
        skip(padded(entry.size));
        return;
    }
    switch (entry.type) {
    case '0':
    case '7': make_file(parent, last); return;
    case '1':
        if (!is_archive) refuse("a hard link instead of a file");
        make_hard_link(parent, last);
        break;
    case '2': make_link(parent, last); break;
    default: say("a device, named pipe or what is not known is not copied");
    }
    skip(padded(entry.size));
}

static void name_temporary(void) {
    size_t at = text_length(temporary);
    for (uint64_t pid = kernel(getpid); pid; pid /= 10) temporary[at++] = '0' + pid % 10;
    temporary[at] = 0;
}

/* What the user sees of the place: path, or path/as. */
static void set_target(const char *path, const char *as) {
    static char text[2 * NAME_BYTES];
    size_t length = text_length(path);
    target = path;
    if (!place.is_inside || length + text_length(as) + 2 > sizeof text) return;
    memcpy(text, path, length);
    if (length && text[length - 1] != '/') text[length++] = '/';
    memcpy(text + length, as, text_length(as) + 1);
    target = text;
}

int extract(const char *path, const char *as, uint32_t keep) {
    keeps = keep;
    target = path;
    is_archive = !*as;
    name_temporary();
    if (!next_entry(1)) no_archive("the archive is empty");
    find_place(path, as, entry.type == '5', &place);
    set_target(path, as);
    if (place.is_new) {
        /* The first entry is the directory itself. */
        entry.name[0] = 0;
        enter_level(place.directory, ".");
    }
    make_entry();
    while (next_entry(0)) {
        if (place.name[0]) refuse("one file was expected, and there is more");
        make_entry();
    }
    leave_levels(0);
    /* What follows the end is the writer's padding, and the writer is not to be told that nobody reads it. */
    const char *bytes;
    for (size_t drained = 0, part; drained < DRAINED_BYTES; drained += part)
        if (!(part = take(sizeof input, &bytes))) break;
    return status;
}
