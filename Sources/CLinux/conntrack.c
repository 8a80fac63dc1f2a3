#include "clinux_net.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the kernel's net/netfilter/nf_internals.h, which is not exported: compare the source address. */
#define FILTER_SOURCE (1U << 0)

struct request {
    struct nlmsghdr header;
    struct nfgenmsg family;
    char attributes[1024];
};

static void begin(struct request *r, uint16_t type, uint16_t flags) {
    memset(r, 0, sizeof *r);
    r->header.nlmsg_len = NLMSG_LENGTH(sizeof r->family);
    r->header.nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
    r->header.nlmsg_flags = NLM_F_REQUEST | flags;
    r->family = (struct nfgenmsg){.nfgen_family = AF_INET, .version = NFNETLINK_V0};
}

static struct nlattr *end_of(struct request *r) { return (void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len)); }

static void put(struct request *r, uint16_t type, const void *bytes, uint16_t size) {
    struct nlattr *a = end_of(r);
    a->nla_type = type;
    a->nla_len = NLA_HDRLEN + size;
    if (size) memcpy((char *)a + NLA_HDRLEN, bytes, size);
    r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + NLA_ALIGN(a->nla_len);
}

static struct nlattr *open_nest(struct request *r, uint16_t type) {
    struct nlattr *nest = end_of(r);
    put(r, type | NLA_F_NESTED, NULL, 0);
    return nest;
}

static void close_nest(struct request *r, struct nlattr *nest) { nest->nla_len = (char *)end_of(r) - (char *)nest; }

static int32_t transmit(int fd, const struct request *r) {
    ssize_t sent;
    do sent = send(fd, r, r->header.nlmsg_len, 0); while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

static ssize_t receive(int fd, void *buffer, size_t size) {
    ssize_t length;
    do length = recv(fd, buffer, size, 0); while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : length;
}

/* Deletes the entry that a message of the dump describes; one that has ended meanwhile is no error. */
static int32_t forget_one(int fd, const struct nlmsghdr *found) {
    struct request r;
    begin(&r, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
    const char *end = (const char *)found + found->nlmsg_len;
    const struct nlattr *a = (const void *)((const char *)NLMSG_DATA(found) + NLMSG_ALIGN(sizeof(struct nfgenmsg)));
    for (; (const char *)a + NLA_HDRLEN <= end && a->nla_len >= NLA_HDRLEN && (const char *)a + a->nla_len <= end;
         a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len))) {
        uint16_t type = a->nla_type & NLA_TYPE_MASK;
        if ((type == CTA_TUPLE_ORIG || type == CTA_ZONE || type == CTA_ID) && a->nla_len < 256)
            put(&r, a->nla_type, (const char *)a + NLA_HDRLEN, a->nla_len - NLA_HDRLEN);
    }
    int32_t sent = transmit(fd, &r);
    if (sent < 0) return sent;
    _Alignas(struct nlmsghdr) char answer[4096];
    ssize_t length = receive(fd, answer, sizeof answer);
    if (length < 0) return (int32_t)length;
    const struct nlmsghdr *h = (void *)answer;
    if (h->nlmsg_type != NLMSG_ERROR) return -EPROTO;
    int32_t error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
    return error == -ENOENT ? 0 : error;
}

static int32_t forget_all(int dump, int kill, uint32_t source) {
    struct request r;
    begin(&r, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
    struct nlattr *tuple = open_nest(&r, CTA_TUPLE_ORIG);
    struct nlattr *ip = open_nest(&r, CTA_TUPLE_IP);
    put(&r, CTA_IP_V4_SRC, &source, sizeof source);
    close_nest(&r, ip);
    close_nest(&r, tuple);
    struct nlattr *filter = open_nest(&r, CTA_FILTER);
    uint32_t flags = FILTER_SOURCE, none = 0;
    put(&r, CTA_FILTER_ORIG_FLAGS, &flags, sizeof flags);
    put(&r, CTA_FILTER_REPLY_FLAGS, &none, sizeof none);
    close_nest(&r, filter);
    int32_t sent = transmit(dump, &r);
    if (sent < 0) return sent;
    int32_t count = 0, failure = 0;
    _Alignas(struct nlmsghdr) char buffer[16384];
    for (;;) {
        ssize_t length = receive(dump, buffer, sizeof buffer);
        if (length < 0) return (int32_t)length;
        for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type == NLMSG_DONE) return failure < 0 ? failure : count;
            if (h->nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
            count++;
            int32_t result = forget_one(kill, h);
            if (result < 0) failure = result;
        }
    }
}

int32_t clinux_conntrack_forget(const uint8_t source[4]) {
    uint32_t address;
    memcpy(&address, source, sizeof address);
    int dump = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (dump < 0) return -errno;
    int kill = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int32_t result = kill < 0 ? -errno : forget_all(dump, kill, address);
    if (kill >= 0) close(kill);
    close(dump);
    return result;
}
