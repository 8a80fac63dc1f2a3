#include "clinux_net.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

struct nft_ctx;

/* The part of libnftables' stable interface (soname 1, nftables/libnftables.h) that is used. */
struct library {
    void *handle;
    struct nft_ctx *(*new_context)(uint32_t);
    void (*free_context)(struct nft_ctx *);
    int (*buffer_error)(struct nft_ctx *);
    const char *(*error)(struct nft_ctx *);
    int (*buffer_output)(struct nft_ctx *);
    const char *(*output)(struct nft_ctx *);
    int (*run)(struct nft_ctx *, const char *);
};

static int load(struct library *nft) {
    nft->handle = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!nft->handle) return -ENOENT;
    nft->new_context = dlsym(nft->handle, "nft_ctx_new");
    nft->free_context = dlsym(nft->handle, "nft_ctx_free");
    nft->buffer_error = dlsym(nft->handle, "nft_ctx_buffer_error");
    nft->error = dlsym(nft->handle, "nft_ctx_get_error_buffer");
    nft->buffer_output = dlsym(nft->handle, "nft_ctx_buffer_output");
    nft->output = dlsym(nft->handle, "nft_ctx_get_output_buffer");
    nft->run = dlsym(nft->handle, "nft_run_cmd_from_buffer");
    if (nft->new_context && nft->free_context && nft->buffer_error && nft->error && nft->buffer_output &&
        nft->output && nft->run)
        return 0;
    dlclose(nft->handle);
    return -ENOENT;
}

static void store(char *to, size_t size, const char *text) {
    if (to && size) snprintf(to, size, "%s", text ? text : "");
}

int32_t clinux_nft_run(const char *commands, char *text, size_t text_size, char *output, size_t output_size) {
    struct library nft;
    store(text, text_size, NULL);
    store(output, output_size, NULL);
    int result = load(&nft);
    if (result < 0) return result;
    struct nft_ctx *context = nft.new_context(0);
    if (!context) result = -ENOMEM;
    if (context && (nft.buffer_error(context) || nft.buffer_output(context))) result = -ENOMEM;
    if (result == 0) {
        if (nft.run(context, commands)) result = -EINVAL;
        store(text, text_size, nft.error(context));
        store(output, output_size, nft.output(context));
    }
    if (context) nft.free_context(context);
    dlclose(nft.handle);
    return result;
}
