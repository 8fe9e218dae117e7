/* Preloaded, it refuses what would change anything in a folder, as a disk that is full, read-only or broken does:
 * by calls of the C library, with the error number REFUSING_ERRNO, in REFUSING_FOLDER, for as long as the file
 * REFUSING_WHILE exists. REFUSING_CALLS names one call where not all are meant, such as flock, which is not among
 * them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int refused(const char *call, const char *path) {
    const char *folder = getenv("REFUSING_FOLDER"), *only = getenv("REFUSING_CALLS"), *arming = getenv("REFUSING_WHILE");
    if (!folder || !path || !arming || strncmp(path, folder, strlen(folder))) return 0;
    if (only ? strcmp(only, call) : !strcmp(call, "flock")) return 0;
    if (access(arming, F_OK)) return 0;
    errno = atoi(getenv("REFUSING_ERRNO"));
    return 1;
}

static int refused_at(const char *call, int descriptor, const char *name) {
    char link[64], path[2 * PATH_MAX] = "";
    if (name && name[0] == '/') return refused(call, name);
    snprintf(link, sizeof link, descriptor == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return 0;
    snprintf(path + length, PATH_MAX, name ? "/%s" : "", name);
    return refused(call, path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPEN(name)                                                                                      \
    int name(const char *path, int flags, ...) {                                                        \
        REAL(name);                                                                                     \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);          \
        if (flags & (O_WRONLY | O_RDWR | O_CREAT) && refused_at("open", AT_FDCWD, path)) return -1;     \
        return real(path, flags, mode);                                                                 \
    }
#define OPENAT(name)                                                                                    \
    int name(int folder, const char *path, int flags, ...) {                                            \
        REAL(name);                                                                                     \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);          \
        if (flags & (O_WRONLY | O_RDWR | O_CREAT) && refused_at("open", folder, path)) return -1;       \
        return real(folder, path, flags, mode);                                                         \
    }
#define CALL(type, name, at, path, parameters, arguments)                                               \
    type name parameters { REAL(name); return refused_at(#name, at, path) ? -1 : real arguments; }

struct iovec;
ssize_t writev(int, const struct iovec *, int);
int rename(const char *, const char *);
int renameat(int, const char *, int, const char *);
int mkdir(const char *, mode_t);
int flock(int, int);

OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)
CALL(int, mkdir, AT_FDCWD, path, (const char *path, mode_t mode), (path, mode))
CALL(int, unlink, AT_FDCWD, path, (const char *path), (path))
CALL(int, unlinkat, folder, path, (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, rename, AT_FDCWD, from, (const char *from, const char *to), (from, to))
CALL(int, renameat, a, from, (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(int, symlink, AT_FDCWD, path, (const char *target, const char *path), (target, path))
CALL(int, truncate64, AT_FDCWD, path, (const char *path, off64_t length), (path, length))
CALL(ssize_t, write, file, NULL, (int file, const void *content, size_t length), (file, content, length))
CALL(ssize_t, writev, file, NULL, (int file, const struct iovec *content, int count), (file, content, count))
CALL(int, fsync, file, NULL, (int file), (file))
CALL(int, flock, file, NULL, (int file, int operation), (file, operation))
