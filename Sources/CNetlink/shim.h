/* libnl-3 and libnl-route-3: links, bridges, veth pairs, addresses, routes; and the kernel's constants for them. */
#pragma once
#include <netinet/in.h>
#include <net/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/addr.h>
#include <netlink/route/neighbour.h>
#include <linux/neighbour.h>
#include <netlink/route/route.h>
