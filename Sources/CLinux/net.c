#include "clinux_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int32_t clinux_netns_open(void) {
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int32_t clinux_netns_unshare(void) { return unshare(CLONE_NEWNET) < 0 ? -errno : 0; }

int32_t clinux_netns_enter(int32_t netns) { return setns(netns, CLONE_NEWNET) < 0 ? -errno : 0; }

int32_t clinux_netns_tcp_socket(int32_t slot, int32_t host, int32_t family, int32_t *stranded) {
    *stranded = 0;
    if (setns(slot, CLONE_NEWNET) < 0) return -errno;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = fd < 0 ? -errno : fd;
    if (setns(host, CLONE_NEWNET) < 0) *stranded = errno;
    return result;
}

/* With nobody listening a connect to a port of the ephemeral range can by chance get that port for its own end, and
 * then connects to itself. */
static int32_t connected(int32_t fd, uint16_t port) {
    struct sockaddr_in6 own = {0};
    socklen_t length = sizeof own;
    if (getsockname(fd, (void *)&own, &length) < 0) return -errno;
    return own.sin6_port == htons(port) ? -ECONNABORTED : 0;
}

int32_t clinux_connect_loopback(int32_t fd, int32_t family, uint16_t port) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *to = family == AF_INET6 ? (void *)&v6 : (void *)&v4;
    socklen_t length = family == AF_INET6 ? sizeof v6 : sizeof v4;
    if (connect(fd, to, length) == 0) return connected(fd, port);
    if (errno != EINPROGRESS) return -errno;
    /* Over loopback the answer has usually arrived by now; a second connect(2) reads it. */
    if (connect(fd, to, length) == 0 || errno == EISCONN) return connected(fd, port);
    return errno == EALREADY ? -EINPROGRESS : -errno;
}

int32_t clinux_address_is_own(const uint8_t address[4]) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)}, from = {0};
    memcpy(&to.sin_addr, address, sizeof to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    /* Sends nothing. To itself a host speaks from the address that it speaks to. */
    socklen_t length = sizeof from;
    int32_t result = connect(fd, (void *)&to, sizeof to) == 0 && getsockname(fd, (void *)&from, &length) == 0 &&
        from.sin_addr.s_addr == to.sin_addr.s_addr;
    close(fd);
    return result;
}

int32_t clinux_socket_nodelay(int32_t fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ? -errno : 0;
}

int32_t clinux_socket_abort_on_close(int32_t fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 ? -errno : 0;
}

int32_t clinux_socket_error(int32_t fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int32_t clinux_link_up(const char *name) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int result = ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno : 0;
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    }
    close(fd);
    return result;
}

int32_t clinux_abstract_lock(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
    memcpy(address.sun_path + 1, name, length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (bind(fd, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length) == 0) return fd;
    int result = -errno;
    close(fd);
    return result;
}
