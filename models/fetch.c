/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/dataset_find.h"
#include "models/idx.h"
#include "models/transfer.h"

#define CONNECT_TIMEOUT_S   15.0
#define STALL_TIMEOUT_S     30.0
#define ATTEMPTS_MAX        4 /* per mirror, as long as each attempt brings the file further */
#define GZIP_OVERHEAD_BYTES 65536u

/* One file on its way. */
struct job {
    const struct oac_catalog_file *file;
    const struct oac_fetch_options *options;
    size_t rank;
    char *directory, *name, *target,
        *part; /* FILE.gz, directory/FILE.gz, directory/FILE.gz.part */
    int fd;    /* of part, locked */
};

static enum oac_status make_directories(const char *path, struct oac_err *err)
{
    char *copy = NULL;
    if (oac_dataset_format(&copy, err, "%s/", path))
        return err->status;
    enum oac_status status = OAC_OK;
    for (char *slash = strchr(copy + 1, '/'); slash && !status;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            status = oac_fail(err, OAC_EIO, "%s: cannot make this directory: %s", copy,
                              strerror(errno));
        *slash = '/';
    }
    free(copy);
    return status;
}

/* Opens and locks the part file. Another process may rename it between open and lock: then we
 * hold a file that is finished, and open again. */
static enum oac_status open_part(struct job *job, struct oac_err *err)
{
    for (;;) {
        struct stat held, named;
        job->fd = open(job->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (job->fd < 0)
            return oac_fail(err, OAC_EIO, "%s: cannot open for writing: %s", job->part,
                            strerror(errno));
        if (flock(job->fd, LOCK_EX | LOCK_NB) != 0)
            return oac_fail(err, OAC_EIO,
                            "%s: another fetch is writing it; wait for it to finish",
                            job->part);
        if (fstat(job->fd, &held) == 0 && stat(job->part, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev)
            return OAC_OK;
        close(job->fd);
    }
}

/* Whether the file at `path` is, decompressed, what was published. */
static enum oac_status check_content(const struct job *job, const char *path,
                                     struct oac_err *err)
{
    struct oac_idx idx;
    if (oac_idx_read(path, job->rank, &idx, err))
        return err->status;
    const bool same = strcmp(idx.sha256, job->file->sha256) == 0;
    oac_idx_fini(&idx);
    if (!same)
        return oac_fail(err, OAC_EMISMATCH, "%s: the SHA-256 of its content is %s, not %s",
                        path, idx.sha256, job->file->sha256);
    return OAC_OK;
}

static enum oac_status publish(const struct job *job, struct oac_err *err)
{
    if (fsync(job->fd) != 0 || rename(job->part, job->target) != 0)
        return oac_fail(err, OAC_EIO, "%s: cannot finish the file: %s", job->target,
                        strerror(errno));
    int directory = open(job->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        fsync(directory); /* best effort: the file is right, only its name may be lost in a
                             crash */
        close(directory);
    }
    return OAC_OK;
}

static off_t part_bytes(const struct job *job)
{
    struct stat status;
    return fstat(job->fd, &status) == 0 ? status.st_size : 0;
}

/* Gets the rest of the part from one mirror, again while a broken connection brings it further.
 */
static enum oac_status transfer(const struct job *job, const char *url, bool *server_failed,
                                struct oac_err *err)
{
    const struct oac_fetch_options *o = job->options;
    const struct oac_transfer one = {
        .url = url,
        .what = job->name,
        .fd = job->fd,
        .path = job->part,
        /* gzip never makes a file longer by more than this, whoever compressed it */
        .max_bytes =
            job->file->content_bytes + job->file->content_bytes / 100 + GZIP_OVERHEAD_BYTES,
        .connect_timeout_s =
            o->connect_timeout_s > 0.0 ? o->connect_timeout_s : CONNECT_TIMEOUT_S,
        .stall_timeout_s = o->stall_timeout_s > 0.0 ? o->stall_timeout_s : STALL_TIMEOUT_S,
        .sink = o->sink,
    };
    enum oac_status status = OAC_OK;
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        enum oac_transfer_failure failure = OAC_TRANSFER_LOCAL;
        const off_t before = part_bytes(job);
        status = oac_transfer_run(&one, &failure, err);
        *server_failed = failure != OAC_TRANSFER_LOCAL;
        if (!status || failure != OAC_TRANSFER_BROKEN || part_bytes(job) <= before)
            break;
        oac_log(o->sink, OAC_LOG_INFO, "%s; trying again", err->message);
    }
    return status;
}

/* One mirror. A part that was begun elsewhere may not fit this mirror's bytes (gzip files of
 * the same content differ): what does not check is dropped and fetched once from the beginning.
 */
static enum oac_status fetch_from(const struct job *job, const char *base, bool *server_failed,
                                  struct oac_err *err)
{
    char *url = NULL;
    const bool slash = base[0] && base[strlen(base) - 1] == '/';
    if (oac_dataset_format(&url, err, "%s%s%s", base, slash ? "" : "/", job->name))
        return err->status;
    enum oac_status status = OAC_OK;
    for (bool again = true; again;) {
        again = part_bytes(job) > 0;
        status = transfer(job, url, server_failed, err);
        if (status && status != OAC_EPARSE)
            break; /* what has arrived stays for a later attempt */
        if (!status)
            status = check_content(job, job->part, err);
        if (!status)
            break;
        *server_failed = status == OAC_EPARSE || status == OAC_EMISMATCH;
        again = again && *server_failed;
        if (*server_failed && ftruncate(job->fd, 0) != 0)
            again = *server_failed = false;
    }
    free(url);
    return status;
}

static enum oac_status fail_everywhere(const struct job *job, const char *reasons,
                                       struct oac_err *err)
{
    return oac_fail(err, OAC_EIO,
                    "cannot fetch %s: %s; try again later, or put the file into %s", job->name,
                    reasons, job->directory);
}

static enum oac_status fetch_part(struct job *job, const char *const *mirrors, size_t count,
                                  struct oac_err *err)
{
    char reasons[400] = "it has no mirror";
    size_t used = 0;
    /* An earlier fetch may have stopped between the last byte and the rename. */
    if (part_bytes(job) > 0 && check_content(job, job->part, err) == OAC_OK)
        return OAC_OK;
    for (size_t i = 0; i < count; i++) {
        bool server_failed = false;
        enum oac_status status = fetch_from(job, mirrors[i], &server_failed, err);
        if (!status || !server_failed)
            return status;
        if (i + 1 < count)
            oac_log(job->options->sink, OAC_LOG_INFO, "%s; asking the next mirror",
                    err->message);
        if (used < sizeof reasons)
            used += (size_t)snprintf(reasons + used, sizeof reasons - used, "%s%.190s",
                                     used ? "; " : "", err->message);
    }
    return fail_everywhere(job, reasons, err);
}

static void job_fini(struct job *job)
{
    if (job->fd >= 0 && part_bytes(job) == 0)
        unlink(job->part); /* nothing to go on from */
    if (job->fd >= 0)
        close(job->fd); /* and unlocks */
    free(job->name);
    free(job->target);
    free(job->part);
}

static enum oac_status fetch_file(const struct oac_catalog_entry *entry,
                                  const struct oac_catalog_file *file, size_t rank,
                                  const struct oac_fetch_options *options, char *directory,
                                  struct oac_err *err)
{
    struct job job = {file, options, rank, directory, NULL, NULL, NULL, -1};
    const char *const own[] = {options->mirror};
    const size_t count = options->mirror ? 1 : entry->mirror[1] ? 2 : entry->mirror[0] ? 1 : 0;
    char *there = NULL;
    enum oac_status status = OAC_OK;
    if (oac_dataset_format(&job.name, err, "%s.gz", file->name) ||
        oac_dataset_format(&job.target, err, "%s/%s.gz", directory, file->name) ||
        oac_dataset_format(&job.part, err, "%s/%s.gz.part", directory, file->name) ||
        oac_dataset_locate_file(directory, file->name, &there, err)) {
        status = err->status;
        goto done;
    }
    if (there && check_content(&job, there, err) == OAC_OK) {
        oac_log(options->sink, OAC_LOG_INFO, "%s is there", there);
        goto done;
    }
    if (there)
        oac_log(options->sink, OAC_LOG_WARNING, "%s; fetching it again", err->message);
    status = open_part(&job, err);
    if (!status)
        status = fetch_part(&job, options->mirror ? own : entry->mirror, count, err);
    if (!status)
        status = publish(&job, err);
    /* A wrong uncompressed file would be found before the right compressed one. */
    if (!status && there && strcmp(there, job.target) != 0 && unlink(there) != 0)
        status = oac_fail(err, OAC_EIO, "%s: cannot remove this wrong file: %s", there,
                          strerror(errno));
done:
    free(there);
    job_fini(&job);
    return status;
}

static enum oac_status target_directory(const struct oac_catalog_entry *entry,
                                        const struct oac_fetch_options *options,
                                        char **directory, struct oac_err *err)
{
    if (options->directory)
        return oac_dataset_format(directory, err, "%s/%s", options->directory, entry->name);
    char *cache = NULL;
    if (oac_dataset_cache(&cache, err))
        return err->status;
    enum oac_status status = oac_dataset_format(directory, err, "%s/%s", cache, entry->name);
    free(cache);
    return status;
}

enum oac_status oac_fetch(const struct oac_catalog_entry *entry,
                          const struct oac_fetch_options *options, char **out,
                          struct oac_err *err)
{
    const char *mirror = options->mirror;
    if (mirror && strncasecmp(mirror, "http://", 7) != 0 &&
        strncasecmp(mirror, "https://", 8) != 0)
        return oac_fail(err, OAC_EINVAL,
                        "mirror '%.200s' does not begin with http:// or https://", mirror);
    char *directory = NULL;
    if (target_directory(entry, options, &directory, err))
        return err->status;
    enum oac_status status = make_directories(directory, err);
    for (int part = 0; part < OAC_CATALOG_PARTS && !status; part++) {
        const struct oac_catalog_pair *pair = &entry->part[part];
        status = fetch_file(entry, &pair->labels, 1, options, directory, err);
        if (!status)
            status = fetch_file(entry, &pair->images, 3, options, directory, err);
    }
    if (!status && out)
        *out = directory;
    else
        free(directory);
    return status;
}
