/* Network namespaces and the sockets that are made inside them. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* open("/proc/thread-self/ns/net"): the calling thread's network namespace, an owned descriptor. Needs /proc. */
int32_t clinux_netns_open(void);
/* unshare(CLONE_NEWNET) for the calling thread only. Needs CAP_SYS_ADMIN. */
int32_t clinux_netns_unshare(void);
/* setns(CLONE_NEWNET) for the calling thread only. Needs CAP_SYS_ADMIN. */
int32_t clinux_netns_enter(int32_t netns);

/* A TCP socket (non-blocking, close-on-exec) made inside slot by a thread whose namespace is host and is host again
 * afterwards; the socket keeps the slot's. family: AF_INET or AF_INET6. Returns an owned descriptor.
 * *stranded is set to the errno of the way back when the thread could not return; it must then not go on. */
int32_t clinux_netns_tcp_socket(int32_t slot, int32_t host, int32_t family, int32_t *stranded);

/* connect(2) to port on 127.0.0.1 or ::1. 0: connected; -EINPROGRESS: wait for writability, then
 * clinux_socket_error; -ECONNREFUSED: nobody listens (the same socket may be connected again);
 * -ECONNABORTED: the socket met itself, close it. */
int32_t clinux_connect_loopback(int32_t fd, int32_t family, uint16_t port);
/* A listening TCP socket's options are not touched here: these are for connections. */
int32_t clinux_socket_nodelay(int32_t fd);
/* SO_LINGER with zero time: close sends RST and leaves no TIME_WAIT. */
int32_t clinux_socket_abort_on_close(int32_t fd);
/* SO_ERROR, read and cleared: 0 or -errno. */
int32_t clinux_socket_error(int32_t fd);

/* 1 when this IPv4 address (octets in the order they are written) is one of the host's own; else 0, or -errno. */
int32_t clinux_address_is_own(const uint8_t address[4]);

/* IFF_UP for a device of the calling thread's namespace. */
int32_t clinux_link_up(const char *name);

/* Destroys every TCP socket of the calling thread's namespace, in any state (sock_diag(7) with SOCK_DESTROY). Other
 * sockets end with the processes that hold them. Returns how many were found. Needs CAP_NET_ADMIN there;
 * -EOPNOTSUPP when the kernel has no CONFIG_INET_DIAG_DESTROY. */
int32_t clinux_destroy_sockets(void);

/* Forgets every connection that the calling thread's namespace tracks and that began at this IPv4 address (octets in
 * the order they are written), so that the next user of the address has neither its answers nor its count. Returns how
 * many there were. Needs CAP_NET_ADMIN there, and a kernel with ctnetlink. */
int32_t clinux_conntrack_forget(const uint8_t source[4]);

/* Runs nftables commands, all or nothing, in the calling thread's namespace, through libnftables.so.1, which is
 * loaded for the call only. 0; -ENOENT: the library is not installed; -EINVAL: refused, and text holds the reason.
 * With output != NULL what the commands print is stored there, cut to size. Both are always terminated. */
int32_t clinux_nft_run(const char *commands, char *text, size_t text_size, char *output, size_t output_size);

/* A non-blocking socket that is readable once somebody has changed the nftables of the calling thread's namespace. An
 * owned descriptor. Needs CAP_NET_ADMIN there. */
int32_t clinux_nft_watch(void);
/* Reads all that such a socket has. 1: something was changed; 0: nothing since the last time. */
int32_t clinux_nft_changed(int32_t watch);
/* The handle of a table in the calling thread's namespace, which no later table has; -ENOENT. family: NFPROTO_…. */
int64_t clinux_nft_table(uint8_t family, const char *name);

/* A bound abstract unix(7) socket of this name in the calling thread's network namespace, as a lock that ends with
 * its process. Returns an owned descriptor; -EADDRINUSE: somebody holds it. */
int32_t clinux_abstract_lock(const char *name);
