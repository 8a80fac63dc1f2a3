/* Where entries go. The path that the user has named is followed as every path is; below it, no link is, whether it was
 * there before or came with the archive: each directory is opened by its own name, from the one above. */
#include "copy.h"

enum { LINKS = 40, MISSING_MODE = 0755, WITHIN = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static __attribute__((noreturn)) void refuse(const char *path, const char *what) {
    tell(path, "", what);
    leave(EXIT_TOLD);
}

static long open_directory(const char *path) { return kernel(openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0); }

static int ends_in_slash(const char *path) {
    size_t length = text_length(path);
    return length && path[length - 1] == '/';
}

/* Where a file goes that is to be `path`: through links, if that is one, to what they name. */
static int32_t place_of_file(const char *path, char name[NAME_BYTES]) {
    static char at[NAME_BYTES];
    size_t length = text_length(path);
    if (length >= sizeof at) refuse(path, reason(-ENAMETOOLONG));
    if (ends_in_slash(path)) refuse(path, "no such directory");
    memcpy(at, path, length + 1);
    long directory = AT_FDCWD;
    for (int links = 0; links < LINKS; links++) {
        char *slash = 0;
        for (char *byte = at; *byte; byte++)
            if (*byte == '/') slash = byte;
        const char *last = slash ? slash + 1 : at;
        if (!*last) refuse(path, reason(-EISDIR));
        memcpy(name, last, text_length(last) + 1);
        if (slash) *slash = 0;
        long next = kernel(openat, directory, !slash ? "." : slash == at ? "/" : at, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (next < 0) refuse(path, next == -ENOENT ? "no such directory to put it in" : reason(next));
        if (directory != AT_FDCWD) kernel(close, directory);
        directory = next;
        long count = kernel(readlinkat, directory, name, at, sizeof at - 1);
        if (count < 0) return (int32_t)directory;
        at[count] = 0;
    }
    refuse(path, reason(-ELOOP));
}

/* A directory of this name below another: the one that is there, or a new one. */
static int32_t enter(int32_t above, const char *name, int *is_new) {
    long made = kernel(mkdirat, above, name, 0700);
    if (made < 0 && made != -EEXIST) refuse(name, reason(made));
    long directory = kernel(openat, above, name, WITHIN, 0);
    if (directory == -ENOTDIR || directory == -ELOOP) refuse(name, "a directory cannot replace what is no directory");
    if (directory < 0) refuse(name, reason(directory));
    *is_new = made >= 0;
    return (int32_t)directory;
}

static int32_t make_directory(const char *path) {
    long result = kernel(mkdirat, AT_FDCWD, path, 0700);
    if (result == -ENOENT) refuse(path, "no such directory to put it in");
    if (result == -EEXIST) refuse(path, "a link to nothing cannot become a directory");
    if (result >= 0) result = open_directory(path);
    if (result < 0) refuse(path, reason(result));
    return (int32_t)result;
}

void find_place(const char *path, const char *as, int is_directory, struct place *place) {
    long directory = open_directory(path);
    int is_there = directory >= 0, is_archive = !*as;
    place->is_inside = is_there && !is_archive && !texts_equal(as, ".");
    if (is_there) {
        place->directory = (int32_t)directory;
        if (is_directory && place->is_inside) place->directory = enter((int32_t)directory, as, &place->is_new);
        if (is_directory || is_archive) return;
        if (!place->is_inside) refuse(path, reason(-EISDIR));
        if (text_length(as) >= NAME_BYTES) refuse(as, reason(-ENAMETOOLONG));
        memcpy(place->name, as, text_length(as) + 1);
    } else if (is_archive) {
        refuse(path, directory == -ENOENT ? "no such directory" : reason(directory));
    } else if (directory != -ENOENT && directory != -ENOTDIR) {
        refuse(path, reason(directory));
    } else if (is_directory) {
        if (directory == -ENOTDIR) refuse(path, "a directory cannot replace a file");
        place->directory = make_directory(path);
        place->is_new = 1;
    } else {
        if (directory == -ENOTDIR && ends_in_slash(path)) refuse(path, reason(directory));
        place->directory = place_of_file(path, place->name);
    }
}

int32_t parent_of(int32_t top, const char *name, const char **last) {
    /* Files of one directory come one after the other. */
    static char known[NAME_BYTES];
    static int32_t known_directory = -1;
    size_t length = 0;
    *last = name;
    for (const char *at = name; *at; at++)
        if (*at == '/') *last = at + 1, length = at - name;
    if (!length) return top;
    size_t same = 0;
    while (same < length && known[same] == name[same]) same++;
    if (known_directory >= 0 && same == length && !known[length]) return known_directory;
    if (known_directory >= 0) kernel(close, known_directory);
    memcpy(known, name, length);
    known[length] = 0;
    int32_t directory = top;
    for (char *part = known; part;) {
        char *slash = part;
        while (*slash && *slash != '/') slash++;
        int is_last = !*slash;
        *slash = 0;
        long next = kernel(openat, directory, part, WITHIN, 0);
        if (next == -ENOENT) {
            next = kernel(mkdirat, directory, part, MISSING_MODE);
            if (next >= 0 || next == -EEXIST) next = kernel(openat, directory, part, WITHIN, 0);
        }
        if (directory != top) kernel(close, directory);
        if (next == -ENOTDIR || next == -ELOOP) refuse(known, "is no directory, and links are not followed");
        if (next < 0) refuse(known, reason(next));
        directory = (int32_t)next;
        if (!is_last) *slash = '/';
        part = is_last ? 0 : slash + 1;
    }
    known_directory = directory;
    return directory;
}
