#include "clinux_net.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int32_t clinux_nft_watch(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
    if (fd < 0) return -errno;
    int group = NFNLGRP_NFTABLES;
    /* What has no address is left out of every broadcast. */
    struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    if (bind(fd, (struct sockaddr *)&any, sizeof any) == 0 &&
        setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

int32_t clinux_nft_changed(int32_t watch) {
    char unused[64];
    int32_t changed = 0;
    for (;;) {
        /* A message that is longer is cut; the rest of it is gone. */
        ssize_t length = recv(watch, unused, sizeof unused, 0);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) return changed;
        /* Messages that did not fit the socket are changes too. */
        if (length < 0 && errno != ENOBUFS) return -errno;
        changed = 1;
    }
}

static int64_t handle_in(const struct nlmsghdr *found) {
    const char *end = (const char *)found + found->nlmsg_len;
    const struct nlattr *a = (const void *)((const char *)NLMSG_DATA(found) + NLMSG_ALIGN(sizeof(struct nfgenmsg)));
    for (; (const char *)a + NLA_HDRLEN <= end && a->nla_len >= NLA_HDRLEN && (const char *)a + a->nla_len <= end;
         a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len))) {
        uint64_t handle;
        if ((a->nla_type & NLA_TYPE_MASK) != NFTA_TABLE_HANDLE || a->nla_len < NLA_HDRLEN + sizeof handle) continue;
        memcpy(&handle, (const char *)a + NLA_HDRLEN, sizeof handle);
        return (int64_t)(be64toh(handle) & INT64_MAX);
    }
    return -EPROTO;
}

static int64_t ask(int fd, uint8_t family, const char *name) {
    size_t length = strlen(name) + 1;
    struct {
        struct nlmsghdr header;
        struct nfgenmsg family;
        struct nlattr attribute;
        char name[256];
    } request = {
        .header = {.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE, .nlmsg_flags = NLM_F_REQUEST},
        .family = {.nfgen_family = family, .version = NFNETLINK_V0},
        .attribute = {.nla_type = NFTA_TABLE_NAME},
    };
    if (length > sizeof request.name) return -ENAMETOOLONG;
    memcpy(request.name, name, length);
    request.attribute.nla_len = NLA_HDRLEN + length;
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.family) + NLA_ALIGN(request.attribute.nla_len);
    ssize_t result;
    do result = send(fd, &request, request.header.nlmsg_len, 0); while (result < 0 && errno == EINTR);
    if (result < 0) return -errno;
    _Alignas(struct nlmsghdr) char answer[4096];
    do result = recv(fd, answer, sizeof answer, 0); while (result < 0 && errno == EINTR);
    if (result < 0) return -errno;
    const struct nlmsghdr *h = (void *)answer;
    if (!NLMSG_OK(h, result)) return -EPROTO;
    if (h->nlmsg_type != NLMSG_ERROR) return handle_in(h);
    int error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
    return error < 0 ? error : -EPROTO;
}

int64_t clinux_nft_table(uint8_t family, const char *name) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0) return -errno;
    int64_t result = ask(fd, family, name);
    close(fd);
    return result;
}
