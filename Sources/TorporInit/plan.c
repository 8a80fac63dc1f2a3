#include "init.h"

#include <asm/statfs.h>
#include <linux/magic.h>

/* What a step must bring along. */
enum { T0 = 1, T1 = 2, DATA = 4, FD = 8, NOTHING = 0x80 };
static const uint8_t needs[TORPOR_OPS] = {
    [TORPOR_BECOME_ROOT] = NOTHING, [TORPOR_ROOT] = T0 | FD,
    [TORPOR_MOUNT] = T0 | T1, [TORPOR_ATTACH] = T1 | FD,
    [TORPOR_BIND] = T0 | T1, [TORPOR_MASK] = T0,
    [TORPOR_READONLY] = T0, [TORPOR_DIRECTORY] = T0,
    [TORPOR_SYMLINK] = T0 | T1, [TORPOR_WRITE] = T0 | DATA,
    [TORPOR_CALL] = DATA, [TORPOR_PIVOT] = NOTHING,
    [TORPOR_SYNC] = NOTHING, [TORPOR_TERMINAL] = NOTHING,
    [TORPOR_ENTER] = DATA,
    [TORPOR_STDIO] = DATA, [TORPOR_ARGUMENTS] = DATA,
    [TORPOR_ENVIRONMENT] = NOTHING, [TORPOR_WORKING_DIRECTORY] = T0,
    [TORPOR_IDENTITY] = NOTHING, [TORPOR_KEEP_GROUPS] = NOTHING,
    [TORPOR_PROCESS_WRITE] = T0 | DATA, [TORPOR_PROCESS_CALL] = DATA, [TORPOR_CAPABILITIES] = DATA,
    [TORPOR_NO_NEW_PRIVILEGES] = NOTHING, [TORPOR_SECCOMP] = DATA,
    [TORPOR_PASS] = DATA,
    [TORPOR_START] = NOTHING, [TORPOR_READY] = NOTHING,
};

static int text_is_good(const struct torpor_step *step, uint32_t offset) {
    if (offset < sizeof *step || offset >= step->size) return 0;
    for (const char *at = (const char *)step + offset, *end = (const char *)step + step->size; at < end; at++)
        if (!*at) return 1;
    return 0;
}

static int data_is_good(const struct torpor_step *step) {
    return step->data % 8 == 0 && step->data >= sizeof *step && step->data <= step->size &&
           step->data_size <= step->size - step->data;
}

/* Whether the data is a row of texts. */
static int data_is_texts(const struct torpor_step *step) {
    return step->data_size > 0 && !((const char *)step)[step->data + step->data_size - 1];
}

static int data_suits(const struct torpor_step *step, const struct request *request) {
    const int32_t *index = (const int32_t *)((const char *)step + step->data);
    const struct torpor_call *call = (const struct torpor_call *)index;
    switch (step->op) {
    case TORPOR_MOUNT:
    case TORPOR_ENVIRONMENT:
        return !step->data || !step->data_size || data_is_texts(step);
    case TORPOR_ARGUMENTS:
        return data_is_texts(step);
    case TORPOR_STDIO:
        if (step->data_size != 3 * sizeof *index) return 0;
        for (int i = 0; i < 3; i++)
            if (index[i] < (request->head.kind == TORPOR_SPAWN ? -1 : 0) || index[i] >= (int32_t)request->descriptor_count)
                return 0;
        return 1;
    case TORPOR_PASS:
    case TORPOR_ENTER:
        if (step->data_size % 4 || step->data_size > 4 * TORPOR_DESCRIPTORS) return 0;
        for (uint32_t i = 0; i < step->data_size / 4; i++)
            if (index[i] < 0 || index[i] >= (int32_t)request->descriptor_count) return 0;
        return 1;
    case TORPOR_CALL:
    case TORPOR_PROCESS_CALL:
        if (step->data_size < sizeof *call || step->mode & ~0x3f3fu) return 0;
        for (int i = 0; i < 6; i++)
            if (step->mode >> i & 1 && call->arguments[i] >= step->data_size) return 0;
        return 1;
    case TORPOR_IDENTITY:
        return !step->data || (step->data_size % 4 == 0 && step->data_size <= 4 * 65536);
    case TORPOR_CAPABILITIES:
        return step->data_size == 5 * sizeof(uint64_t);
    case TORPOR_SECCOMP:
        return step->data_size % 8 == 0 && step->data_size >= 8 && step->data_size <= 8 * 4096;
    default:
        return 1;
    }
}

static int step_is_good(const struct torpor_step *step, const struct request *request) {
    uint8_t need = step->op < TORPOR_OPS ? needs[step->op] : 0;
    if (!need) return 0;
    for (int i = 0; i < 2; i++)
        if ((step->text[i] || (need & (T0 << i))) && !text_is_good(step, step->text[i])) return 0;
    if ((step->data || (need & DATA)) && !data_is_good(step)) return 0;
    if (step->descriptor < -1 || step->descriptor >= (int32_t)request->descriptor_count) return 0;
    if ((need & FD) && step->descriptor < 0) return 0;
    return data_suits(step, request);
}

long plan_check(const struct request *request, uint32_t *bad) {
    const struct torpor_plan *plan = (const struct torpor_plan *)request->body;
    uint32_t left = request->head.length, lowest = request->head.kind == TORPOR_PLAN ? 0 : TORPOR_PROCESS_STEPS;
    *bad = TORPOR_NO_STEP;
    if (left < sizeof *plan || plan->version != TORPOR_PROTOCOL_VERSION || !plan->steps) return -EINVAL;
    left -= sizeof *plan;
    const struct torpor_step *step = plan_first(request);
    for (uint32_t i = 0; i < plan->steps; i++, step = plan_next(step)) {
        *bad = i;
        if (left < sizeof *step || step->size < sizeof *step || step->size > left || step->size % 8) return -EINVAL;
        if (step->op < lowest || !step_is_good(step, request)) return -EINVAL;
        if ((step->op >= TORPOR_START) != (i + 1 == plan->steps)) return -EINVAL;
        if (step->op == TORPOR_READY && request->head.kind != TORPOR_PLAN) return -EINVAL;
        left -= step->size;
    }
    return left ? -EINVAL : 0;
}

struct step_view plan_view(const struct request *request, const struct torpor_step *step) {
    const char *base = (const char *)step;
    struct step_view view = {step, {0, 0}, 0, -1};
    for (int i = 0; i < 2; i++)
        if (step->text[i]) view.text[i] = base + step->text[i];
    if (step->data) view.data = base + step->data;
    if (step->descriptor >= 0) view.descriptor = request->descriptors[step->descriptor];
    return view;
}

long plan_call(const struct torpor_step *step) {
    const char *data = (const char *)step + step->data, *path = (const char *)step + step->text[0];
    if (step->op == TORPOR_WRITE || step->op == TORPOR_PROCESS_WRITE) {
        long file = kernel(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
        if (file < 0) return file;
        /* An image may have anything where a process looks for /proc. */
        struct statfs where;
        long result = kernel(fstatfs, file, &where);
        if (result >= 0 && step->op == TORPOR_PROCESS_WRITE && where.f_type != PROC_SUPER_MAGIC) result = -EXDEV;
        if (result >= 0) result = kernel(write, file, data, step->data_size);
        kernel(close, file);
        return result;
    }
    static long last = -1;
    long value[6];
    for (int i = 0; i < 6; i++)
        value[i] = step->mode >> (8 + i) & 1 ? last
                 : (long)((const struct torpor_call *)data)->arguments[i] + (step->mode >> i & 1 ? (long)data : 0);
    long result = call6((long)step->value, value[0], value[1], value[2], value[3], value[4], value[5]);
    if (!(step->mode >> 8)) last = result;
    return result;
}
