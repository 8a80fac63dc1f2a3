#include "clinux_net.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct diag_request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

static int32_t send_request(int fd, uint16_t type, uint16_t flags, const struct inet_diag_req_v2 *body) {
    struct diag_request request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags},
        .body = *body,
    };
    return send(fd, &request, sizeof request, 0) < 0 ? -errno : 0;
}

/* Asks for one socket's end and reads the answer; a socket that is gone already is no error. */
static int32_t destroy_one(int fd, const struct inet_diag_req_v2 *body) {
    int32_t result = send_request(fd, SOCK_DESTROY, NLM_F_ACK, body);
    if (result < 0) return result;
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } answer;
    if (recv(fd, &answer, sizeof answer, 0) < 0) return -errno;
    if (answer.header.nlmsg_type != NLMSG_ERROR) return -EPROTO;
    return answer.error.error == -ENOENT ? 0 : answer.error.error;
}

/* Lists the TCP sockets of one family on dump and destroys each over kill. Returns how many it saw. */
static int32_t destroy_family(int dump, int kill, uint8_t family) {
    struct inet_diag_req_v2 all = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U};
    int32_t result = send_request(dump, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &all);
    if (result < 0) return result;
    int32_t count = 0, failure = 0;
    _Alignas(struct nlmsghdr) char buffer[16384];
    for (;;) {
        ssize_t length = recv(dump, buffer, sizeof buffer, 0);
        if (length < 0) return -errno;
        for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type == NLMSG_DONE) return failure < 0 ? failure : count;
            if (h->nlmsg_type == NLMSG_ERROR) {
                int32_t error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
                /* Without the module that lists them nobody knows what is left. */
                return error == -ENOENT ? -EOPNOTSUPP : error;
            }
            const struct inet_diag_msg *found = NLMSG_DATA(h);
            struct inet_diag_req_v2 one = all;
            one.sdiag_family = found->idiag_family;
            one.id = found->id;
            count++;
            result = destroy_one(kill, &one);
            if (result < 0) failure = result;
        }
    }
}

int32_t clinux_destroy_sockets(void) {
    int dump = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (dump < 0) return -errno;
    int kill = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    int32_t total = kill < 0 ? -errno : 0;
    static const uint8_t families[] = {AF_INET, AF_INET6};
    for (int f = 0; f < 2 && total >= 0; f++) {
        int32_t count = destroy_family(dump, kill, families[f]);
        total = count < 0 ? count : total + count;
    }
    if (kill >= 0) close(kill);
    close(dump);
    return total;
}
