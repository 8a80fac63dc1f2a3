/* The socket to whoever sends the plan. */
#include "init.h"

int32_t link_socket = TORPOR_SOCKET;
static char packet[TORPOR_PACKET_BYTES] __attribute__((aligned(16)));

void link_report(uint32_t kind, uint32_t id, uint32_t value, const struct torpor_failure *failure) {
    struct { struct torpor_message head; struct torpor_failure failure; } message = {
        {kind, id, failure ? sizeof *failure : 0, value}, failure ? *failure : (struct torpor_failure){0, 0, 0, 0}};
    kernel(sendto, link_socket, &message, sizeof message.head + message.head.length, NO_SIGNAL, 0, 0);
}

void link_report_failure(uint32_t id, uint32_t step, uint32_t op, long code, uint32_t detail) {
    struct torpor_failure failure = {step, op, (uint32_t)-code, detail};
    link_report(TORPOR_FAILED, id, 0, &failure);
}

long link_pass(int32_t socket, const void *bytes, size_t count, int32_t descriptor) {
    struct { struct control_header header; int32_t descriptor[2]; } control = {
        {sizeof control.header + sizeof descriptor, LEVEL_SOCKET, RIGHTS}, {descriptor, 0}};
    struct io_vector part = {(void *)bytes, count};
    struct socket_message message = {.parts = &part, .part_count = 1, .control = &control, .control_length = sizeof control};
    return kernel(sendmsg, socket, &message, NO_SIGNAL);
}

static void take_descriptors(struct request *request, const char *control, size_t length) {
    const struct control_header *header = (const struct control_header *)control;
    if (length < sizeof *header || header->level != LEVEL_SOCKET || header->type != RIGHTS) return;
    if (header->length > length || header->length < sizeof *header) return;
    uint32_t count = (header->length - sizeof *header) / 4;
    request->descriptor_count = count > TORPOR_DESCRIPTORS ? TORPOR_DESCRIPTORS : count;
    memcpy(request->descriptors, control + sizeof *header, 4 * request->descriptor_count);
}

void link_close_descriptors(struct request *request) {
    for (uint32_t i = 0; i < request->descriptor_count; i++) kernel(close, request->descriptors[i]);
    request->descriptor_count = 0;
}

/* The rest of a body that took several packets, into memory of its own, which a PLAN keeps for good. */
static long receive_rest(struct request *request, uint32_t have) {
    uint32_t length = request->head.length;
    long memory = kernel(mmap, 0, length, 3, 0x22, -1, 0);
    if (memory < 0) return memory;
    char *body = (char *)memory;
    memcpy(body, request->body, have);
    while (have < length) {
        long count = kernel(recvfrom, link_socket, body + have, length - have, 0, 0, 0);
        if (count == -EINTR) continue;
        if (count <= 0) return count < 0 ? count : -EPIPE;
        have += count;
    }
    request->body = body;
    return 0;
}

long link_receive(struct request *request) {
    char control[64 + 4 * TORPOR_DESCRIPTORS] __attribute__((aligned(8)));
    struct io_vector part = {packet, sizeof packet};
    struct socket_message message = {.parts = &part, .part_count = 1, .control = control, .control_length = sizeof control};
    request->descriptor_count = 0;
    long count = kernel(recvmsg, link_socket, &message, CLOSE_ON_EXEC_RIGHTS);
    if (count <= 0) return count < 0 ? count : -EPIPE;
    take_descriptors(request, control, message.control_length);
    if ((size_t)count < sizeof request->head || message.flags & CONTROL_TRUNCATED) return -EBADMSG;
    memcpy(&request->head, packet, sizeof request->head);
    uint32_t have = count - sizeof request->head;
    if (request->head.length > TORPOR_PLAN_BYTES || have > request->head.length) return -EBADMSG;
    request->body = packet + sizeof request->head;
    if (request->head.kind != TORPOR_PLAN && have == request->head.length) return 0;
    return request->head.length ? receive_rest(request, have) : 0;
}

void link_release(struct request *request) {
    link_close_descriptors(request);
    if (request->body != packet + sizeof request->head) kernel(munmap, request->body, request->head.length);
}
