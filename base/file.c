/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

#define TEMPORARY_TRIES 100u

static enum oac_status fail_errno(struct oac_err *err, const char *path, const char *verb)
{
    enum oac_status status = errno == ENOENT ? OAC_ENOTFOUND : OAC_EIO;
    return oac_fail(err, status, "%s: cannot %s: %s", path, verb, strerror(errno));
}

enum oac_status oac_file_open(const char *path, int *fd, size_t *bytes, struct oac_err *err)
{
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block us */
    if (opened < 0)
        return fail_errno(err, path, "open");
    struct stat info;
    if (fstat(opened, &info)) {
        enum oac_status status = fail_errno(err, path, "inspect");
        close(opened);
        return status;
    }
    if (!S_ISREG(info.st_mode)) {
        close(opened);
        return oac_fail(err, OAC_EINVAL, "%s: not a regular file%s", path,
                        S_ISDIR(info.st_mode) ? " but a directory" : "");
    }
    *fd = opened;
    *bytes = (size_t)info.st_size;
    return OAC_OK;
}

enum oac_status oac_file_read(const char *path, size_t max_bytes, char **data, size_t *bytes,
                              struct oac_err *err)
{
    int fd;
    size_t size;
    enum oac_status status = oac_file_open(path, &fd, &size, err);
    if (status)
        return status;
    char *text = NULL;
    if (size > max_bytes) {
        status = oac_fail(err, OAC_EINVAL, "%s: %zu bytes, at most %zu are accepted", path,
                          size, max_bytes);
        goto close_file;
    }
    text = oac_alloc(size + 1, 1, path, err);
    if (!text) {
        status = OAC_ENOMEM;
        goto close_file;
    }
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(fd, text + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = fail_errno(err, path, "read");
            goto close_file;
        }
        if (got == 0) {
            status = oac_fail(err, OAC_EIO, "%s: shrank from %zu to %zu bytes while being read",
                              path, size, have);
            goto close_file;
        }
        have += (size_t)got;
    }
    *data = text;
    *bytes = size;
    text = NULL;

close_file:
    free(text);
    close(fd);
    return status;
}

/* A file beside the target, opened for writing under a name that nobody else uses. */
static int open_temporary(const char *directory, char *name, size_t name_bytes)
{
    for (unsigned attempt = 0; attempt < TEMPORARY_TRIES; attempt++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int used = snprintf(name, name_bytes, "%s/.oac-%ld-%lx-%u.tmp", directory,
                            (long)getpid(), (unsigned long)now.tv_nsec, attempt);
        if (used < 0 || (size_t)used >= name_bytes) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static int write_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t put = write(fd, data, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        data += put;
        bytes -= (size_t)put;
    }
    return 0;
}

/* SIGXFSZ, which the kernel sends to the writing thread, is held back and swallowed. */
bool oac_file_put(int fd, const void *data, size_t bytes)
{
    sigset_t limit_signal, old_mask;
    sigemptyset(&limit_signal);
    sigaddset(&limit_signal, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &limit_signal, &old_mask);

    int failed = write_all(fd, data, bytes);
    int saved_errno = errno;
    if (failed && saved_errno == EFBIG && !sigismember(&old_mask, SIGXFSZ))
        sigtimedwait(&limit_signal, NULL, &(struct timespec){0});

    pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
    errno = saved_errno;
    return !failed;
}

/* Where a write to `path` ends up: a link's target, and only what may be replaced. */
static enum oac_status resolve_target(const char *path, char target[PATH_MAX], mode_t *mode,
                                      struct oac_err *err)
{
    struct stat info;
    *mode = 0;
    if (!realpath(path, target)) {
        if (errno != ENOENT)
            return oac_fail(err, OAC_EIO, "%s: cannot write: %s", path, strerror(errno));
        if (!lstat(path,
                   &info)) /* /dev/stdout of a pipe, or a link to nothing: not to be replaced */
            return oac_fail(err, OAC_EINVAL,
                            "%s: is a link to what is no regular file; name a file to write",
                            path);
        if (strlen(path) >= PATH_MAX)
            return oac_fail(err, OAC_EIO, "%s: cannot write: %s", path, strerror(ENAMETOOLONG));
        strcpy(target, path);
        return OAC_OK;
    }
    if (stat(target, &info))
        return oac_fail(err, OAC_EIO, "%s: cannot write: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return oac_fail(err, OAC_EINVAL,
                        "%s: exists and is not a regular file; name a file to write", path);
    if (access(target, W_OK))
        return oac_fail(err, OAC_EIO, "%s: cannot write: %s", path, strerror(errno));
    *mode = info.st_mode & 0777;
    return OAC_OK;
}

/* The new content under a temporary name, on the disk. Removes what it made when it fails. */
static enum oac_status write_temporary(const char *path, const char *directory, mode_t mode,
                                       const void *data, size_t bytes, char *name,
                                       size_t name_bytes, struct oac_err *err)
{
    int fd = open_temporary(directory, name, name_bytes);
    if (fd < 0)
        return oac_fail(err, OAC_EIO, "%s: cannot write into %s: %s", path, directory,
                        strerror(errno));
    int failed = !oac_file_put(fd, data, bytes) || (mode && fchmod(fd, mode)) || fsync(fd);
    int saved_errno = errno;
    if (close(fd) && !failed) {
        failed = 1;
        saved_errno = errno;
    }
    if (!failed)
        return OAC_OK;
    unlink(name);
    return oac_fail(err, OAC_EIO, "%s: cannot write %zu bytes: %s; nothing was changed", path,
                    bytes, strerror(saved_errno));
}

enum oac_status oac_file_write(const char *path, const void *data, size_t bytes,
                               struct oac_err *err)
{
    char target[PATH_MAX], directory_buffer[PATH_MAX], name[PATH_MAX];
    mode_t mode;
    enum oac_status status = resolve_target(path, target, &mode, err);
    if (status)
        return status;
    strcpy(directory_buffer, target);
    const char *directory = dirname(directory_buffer);

    int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return oac_fail(err, OAC_EIO, "%s: cannot write into %s: %s", path, directory,
                        strerror(errno));
    status = write_temporary(path, directory, mode, data, bytes, name, sizeof name, err);
    if (status)
        goto close_directory;
    if (rename(name, target)) {
        status = oac_fail(err, OAC_EIO, "%s: cannot write: %s; nothing was changed", path,
                          strerror(errno));
        unlink(name);
        goto close_directory;
    }
    if (fsync(directory_fd) && errno != EINVAL) /* EINVAL: a file system without it */
        status = oac_fail(err, OAC_EIO, "%s: written, but may be lost at power failure: %s",
                          path, strerror(errno));

close_directory:
    close(directory_fd);
    return status;
}
