/* The steps that make the container's file system and names. Every target is found by openat2 with RESOLVE_IN_ROOT
 * relative to the new root, and used by descriptor from then on: a hostile image cannot redirect a step with links. */
#include "init.h"

#include <linux/prctl.h>
#include <linux/stat.h>

enum { HERE = AT_FDCWD, PATH_BYTES = 4096, PATH_ONLY = O_PATH | O_CLOEXEC };
static int32_t root = -1; /* of the container, from TORPOR_ROOT on */

static long resolve(const char *path, uint64_t flags) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return root < 0 ? -EINVAL : kernel(openat2, root, path, &how, sizeof how);
}

/* Opens the directory that a path's last component is in, making what is missing on the way, and points *name at the
 * last component. ".." on a way that is not all there would make nonsense of that, and is refused. */
static long open_parent(const char *path, char copy[PATH_BYTES], char **name) {
    size_t length = text_length(path);
    if (length >= PATH_BYTES) return -ENAMETOOLONG;
    memcpy(copy, path, length + 1);
    while (length > 1 && copy[length - 1] == '/') copy[--length] = 0;
    /* The way is nearly always there already: one look-up then does for all of it. */
    char *last = copy + length;
    while (last > copy && last[-1] != '/') last--;
    char kept = *last;
    *last = 0;
    long parent = resolve(last > copy ? copy : "/", PATH_ONLY | O_DIRECTORY);
    *last = kept;
    char *at = parent >= 0 ? last : copy;
    if (parent == -ENOENT) parent = resolve("/", PATH_ONLY | O_DIRECTORY);
    for (;;) {
        if (parent < 0) return parent;
        while (*at == '/') at++;
        char *end = at;
        while (*end && *end != '/') end++;
        if (end - at == 2 && at[0] == '.' && at[1] == '.') {
            kernel(close, parent);
            return -EINVAL;
        }
        if (!*end) {
            *name = at;
            return parent;
        }
        *end = 0;
        long next = resolve(copy, PATH_ONLY | O_DIRECTORY);
        if (next == -ENOENT) {
            long made = kernel(mkdirat, parent, at, 0755);
            next = made < 0 ? made : kernel(openat, parent, at, PATH_ONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        }
        kernel(close, parent);
        parent = next;
        *end = '/';
        at = end + 1;
    }
}

/* Opens a target of a mount; makes an empty directory or file where there is nothing. */
static long open_target(const char *path, int is_directory, uint32_t mode) {
    char copy[PATH_BYTES], *name;
    long target = resolve(path, is_directory ? PATH_ONLY | O_DIRECTORY : PATH_ONLY);
    if (target != -ENOENT) return target;
    long parent = open_parent(path, copy, &name);
    if (parent < 0) return parent;
    if (is_directory) {
        target = kernel(mkdirat, parent, name, mode);
    } else {
        target = kernel(openat, parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);
        if (target >= 0) kernel(close, target);
    }
    if (target >= 0)
        target = kernel(openat, parent, name, PATH_ONLY | O_NOFOLLOW | (is_directory ? O_DIRECTORY : 0), 0);
    kernel(close, parent);
    return target;
}

static long set_attributes(long mount, uint64_t attributes, unsigned recursive) {
    /* The ways to note access times are one field of several bits. */
    struct mount_attr change = {.attr_set = attributes, .attr_clr = attributes & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0};
    if (!attributes) return 0;
    return kernel(mount_setattr, mount, "", AT_EMPTY_PATH | recursive, &change, sizeof change);
}

/* Moves a detached mount onto a target; closes the target. */
static long attach(long mount, long target) {
    if (target < 0) return target;
    long result = kernel(move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    kernel(close, target);
    return result;
}

/* A detached copy of what a descriptor or path names, attached over a target. Closes both. */
static long bind(long source, const char *path, long target, uint64_t attributes, unsigned recursive) {
    long mount = kernel(open_tree, source, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);
    long result = mount < 0 ? mount : set_attributes(mount, attributes, recursive);
    if (result >= 0) result = attach(mount, target);
    else if (target >= 0) kernel(close, target);
    if (mount >= 0) kernel(close, mount);
    return result;
}

static long set_option(long context, const char *option) {
    char key[256];
    size_t length = 0;
    while (option[length] && option[length] != '=') length++;
    if (length >= sizeof key) return -EINVAL;
    memcpy(key, option, length);
    key[length] = 0;
    return option[length] ? kernel(fsconfig, context, FSCONFIG_SET_STRING, key, option + length + 1, 0)
                          : kernel(fsconfig, context, FSCONFIG_SET_FLAG, key, 0, 0);
}

long container_bind(int32_t source, const char *path) {
    long target = open_target(path, 0, 0600);
    return target < 0 ? target : bind(source, "", target, 0, 0);
}

static long mount_new(const struct step_view *view) {
    long context = kernel(fsopen, view->text[0], FSOPEN_CLOEXEC), mount = -EINVAL;
    if (context < 0) return context;
    long result = 0;
    const char *option = view->data, *end = option ? option + view->step->data_size : 0;
    for (; result >= 0 && option < end; option += text_length(option) + 1) result = set_option(context, option);
    if (result >= 0) result = kernel(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    if (result >= 0) result = mount = kernel(fsmount, context, FSMOUNT_CLOEXEC, view->step->flags);
    kernel(close, context);
    if (result >= 0) result = attach(mount, open_target(view->text[1], 1, 0755));
    if (mount >= 0) kernel(close, mount);
    return result;
}

static long bind_path(const struct step_view *view) {
    struct statx status;
    long result = kernel(statx, HERE, view->text[0], 0, STATX_TYPE, &status);
    if (result < 0) return result;
    int is_directory = (status.stx_mode & S_IFMT) == S_IFDIR;
    long target = open_target(view->text[1], is_directory, is_directory ? 0755 : 0644);
    if (target < 0) return target;
    return bind(HERE, view->text[0], target, view->step->flags, view->step->mode & 1 ? AT_RECURSIVE : 0);
}

/* Over the first target that needs one: from there on it can be copied. */
static int32_t own_cover = -1;

static long attach_cover(long target) {
    long context = kernel(fsopen, "tmpfs", FSOPEN_CLOEXEC), mount = -EINVAL;
    long result = context < 0 ? context : kernel(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    if (result >= 0) {
        uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        result = mount = kernel(fsmount, context, FSMOUNT_CLOEXEC, attributes);
    }
    if (context >= 0) kernel(close, context);
    if (result < 0) kernel(close, target);
    else if ((result = attach(mount, target)) >= 0) own_cover = (int32_t)mount;
    return result;
}

static long mask(const char *path, int has_no_empty) {
    const char *cover = "/empty";
    long target = resolve(path, PATH_ONLY | O_DIRECTORY);
    if (target >= 0 && has_no_empty)
        return own_cover < 0 ? attach_cover(target) : bind(own_cover, "", target, MOUNT_ATTR_RDONLY, 0);
    if (target == -ENOTDIR) {
        cover = "/dev/null";
        target = resolve(path, PATH_ONLY);
    }
    if (target == -ENOENT) return 0;
    return target < 0 ? target : bind(HERE, cover, target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0);
}

static long make_readonly(const char *path) {
    long source = resolve(path, PATH_ONLY);
    if (source == -ENOENT) return 0;
    if (source < 0) return source;
    long target = kernel(dup, source);
    long result = target < 0 ? target : bind(source, "", target, MOUNT_ATTR_RDONLY, AT_RECURSIVE);
    kernel(close, source);
    return result;
}

static long make_mount_readonly(const char *path) {
    long mount = resolve(path, PATH_ONLY);
    long result = mount < 0 ? mount : set_attributes(mount, MOUNT_ATTR_RDONLY, 0);
    if (mount >= 0) kernel(close, mount);
    return result;
}

static long make_link(const char *content, const char *path) {
    char copy[PATH_BYTES], *name;
    long parent = open_parent(path, copy, &name);
    if (parent < 0) return parent;
    long result = kernel(symlinkat, content, parent, name);
    kernel(close, parent);
    return result == -EEXIST ? 0 : result;
}

static long become_root(uint64_t keep_groups) {
    long result = keep_groups ? 0 : kernel(setgroups, 0, 0);
    if (result >= 0) result = kernel(setresgid, 0, 0, 0);
    if (result >= 0) result = kernel(setresuid, 0, 0, 0);
    /* The change of ids took init's own files in /proc from it; the plan may write some. */
    return result < 0 ? result : kernel(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long enter_root(void) {
    long result = root < 0 ? -EINVAL : kernel(fchdir, root);
    if (result >= 0) result = kernel(pivot_root, ".", ".");
    if (result >= 0) result = kernel(umount2, ".", 2 /* MNT_DETACH */);
    return result < 0 ? result : kernel(chdir, "/");
}

long container_step(const struct step_view *view) {
    const struct torpor_step *step = view->step;
    const char *first = view->text[0], *second = view->text[1];
    long result;
    switch (step->op) {
    case TORPOR_BECOME_ROOT: return become_root(step->flags & 1);
    case TORPOR_ROOT:
        result = kernel(move_mount, view->descriptor, "", HERE, first, MOVE_MOUNT_F_EMPTY_PATH);
        if (result >= 0) root = view->descriptor;
        return result;
    case TORPOR_MOUNT: return mount_new(view);
    case TORPOR_ATTACH:
        result = set_attributes(view->descriptor, step->flags, 0);
        return result < 0 ? result : attach(view->descriptor, open_target(second, !(step->mode & 2), 0755));
    case TORPOR_BIND: return bind_path(view);
    case TORPOR_MASK: return mask(first, step->mode & 1);
    case TORPOR_READONLY: return step->mode & 1 ? make_mount_readonly(first) : make_readonly(first);
    case TORPOR_DIRECTORY:
        result = open_target(first, 1, step->mode);
        if (result >= 0) kernel(close, result);
        return result;
    case TORPOR_SYMLINK: return make_link(first, second);
    case TORPOR_WRITE:
    case TORPOR_CALL: return plan_call(step);
    case TORPOR_PIVOT: return enter_root();
    default: return -ENOSYS;
    }
}
