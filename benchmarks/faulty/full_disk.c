/* Preloaded: from the FAULT_AFTER-th write below FAULT_ROOT on, each fails with FAULT_ERRNO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static long count;

static int fails(int fd)
{
    const char *root = getenv("FAULT_ROOT"), *after = getenv("FAULT_AFTER"), *number = getenv("FAULT_ERRNO");
    char link[64], path[4096];
    ssize_t length;
    int before = errno;

    if (!root || !after)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    if (strncmp(path, root, strlen(root)) || strstr(path, "/.lock"))
        return 0;
    if (__sync_add_and_fetch(&count, 1) < atol(after))
        return 0;
    errno = number ? atoi(number) : ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next)
        next = dlsym(RTLD_NEXT, "write");
    return fails(fd) ? -1 : next(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    static ssize_t (*next)(int, const struct iovec *, int);
    if (!next)
        next = dlsym(RTLD_NEXT, "writev");
    return fails(fd) ? -1 : next(fd, parts, n);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);
    if (!next)
        next = dlsym(RTLD_NEXT, "pwrite64");
    return fails(fd) ? -1 : next(fd, data, size, offset);
}
