/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/transfer.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "oac_version.h"

#define REDIRECTS_MAX          5L
#define STALL_BYTES_PER_SECOND 100.0
#define HTTP_OK                200L
#define HTTP_PARTIAL           206L
#define HTTP_RANGE             416L

/* What the callbacks need and what they found. */
struct state {
    const struct oac_transfer *transfer;
    CURL *curl;
    size_t have_bytes, reported_bytes; /* in the file; when progress was last told */
    int write_errno;
    bool too_long, stopped, stalled;
    double window_begin_s; /* of watching for a stall, */
    size_t window_bytes;   /* and what the file held then */
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* libcurl's own low-speed limit averages over some seconds, so that a short timeout would not be kept. */
static bool is_stalled(struct state *state)
{
    const double timeout_s = state->transfer->stall_timeout_s, now = now_s();
    const size_t bytes = state->have_bytes - state->window_bytes;
    if (state->window_begin_s > 0.0 && (double)bytes < STALL_BYTES_PER_SECOND * timeout_s)
        return now - state->window_begin_s > timeout_s;
    state->window_begin_s = now;
    state->window_bytes = state->have_bytes;
    return false;
}

/* write() to the end, with SIGXFSZ (RLIMIT_FSIZE) turned into EFBIG. */
static int append(int fd, const char *data, size_t bytes)
{
    sigset_t limit, before;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    int failure = 0;
    while (bytes > 0 && !failure) {
        ssize_t n = write(fd, data, bytes);
        if (n < 0 && errno != EINTR)
            failure = errno;
        if (n > 0) {
            data += n;
            bytes -= (size_t)n;
        }
    }
    if (failure == EFBIG && !sigismember(&before, SIGXFSZ))
        sigtimedwait(&limit, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct state *state = context;
    const size_t bytes = size * count;
    long code = 0;
    curl_easy_getinfo(state->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != HTTP_OK && code != HTTP_PARTIAL)
        return bytes; /* an error page: swallowed, the code is looked at afterwards */
    if (bytes > state->transfer->max_bytes - state->have_bytes) {
        state->too_long = true;
        return 0;
    }
    state->write_errno = append(state->transfer->fd, data, bytes);
    if (state->write_errno)
        return 0;
    state->have_bytes += bytes;
    return bytes;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload_now)
{
    struct state *state = context;
    (void)upload_total;
    (void)upload_now;
    if (total > 0 && total >= now && state->reported_bytes != state->have_bytes) {
        oac_progress(state->transfer->sink, state->transfer->what, state->have_bytes,
                     state->have_bytes + (size_t)(total - now), NULL);
        state->reported_bytes = state->have_bytes;
    }
    state->stopped = oac_stop_requested(state->transfer->sink);
    state->stalled = is_stalled(state);
    return state->stopped || state->stalled;
}

static CURLcode configure(struct state *state, char *message)
{
    const struct oac_transfer *t = state->transfer;
    CURL *curl = state->curl;
    CURLcode code = CURLE_OK;
#define SET(option, value) \
    if (code == CURLE_OK)  \
    code = curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, t->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    SET(CURLOPT_CONNECTTIMEOUT_MS, lround(t->connect_timeout_s * 1e3));
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "oac/" OAC_VERSION);
    SET(CURLOPT_RESUME_FROM_LARGE, (curl_off_t)state->have_bytes);
    SET(CURLOPT_ERRORBUFFER, message);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, state);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, state);
#undef SET
    return code;
}

static enum oac_status judge(const struct state *state, CURLcode code, long http,
                             const char *message, enum oac_transfer_failure *failure,
                             struct oac_err *err)
{
    const struct oac_transfer *t = state->transfer;
    *failure = OAC_TRANSFER_LOCAL;
    if (state->stopped)
        return oac_fail(err, OAC_EINTERRUPTED,
                        "interrupted with %zu bytes of %s; the next fetch goes on from there",
                        state->have_bytes, t->what);
    if (state->write_errno)
        return oac_fail(err, OAC_EIO, "%s: cannot write: %s", t->path,
                        strerror(state->write_errno));
    if (code == CURLE_OUT_OF_MEMORY)
        return oac_fail(err, OAC_ENOMEM, "%s: libcurl is out of memory", t->url);
    *failure = OAC_TRANSFER_SERVER;
    if (state->stalled)
        return oac_fail(err, OAC_EIO, "%s: less than %g bytes/s for %g s", t->url,
                        STALL_BYTES_PER_SECOND, t->stall_timeout_s);
    if (state->too_long)
        return oac_fail(err, OAC_EPARSE, "%s: longer than the %zu bytes it can have", t->url,
                        t->max_bytes);
    if (code == CURLE_UNSUPPORTED_PROTOCOL)
        return oac_fail(err, OAC_EINVAL, "%s: only http:// and https:// are fetched", t->url);
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
        *failure = OAC_TRANSFER_BROKEN;
    if (code != CURLE_OK)
        return oac_fail(err, OAC_EIO, "%s: %s", t->url,
                        message[0] ? message : curl_easy_strerror(code));
    if (http != HTTP_OK && http != HTTP_PARTIAL)
        return oac_fail(err, OAC_ENOTFOUND, "%s: the server answers %ld", t->url, http);
    return OAC_OK;
}

/* One request from the file's end on; *cannot_resume when it failed only because it was not
 * from 0. */
static enum oac_status request(const struct oac_transfer *transfer, bool *cannot_resume,
                               enum oac_transfer_failure *failure, struct oac_err *err)
{
    struct state state = {.transfer = transfer};
    char message[CURL_ERROR_SIZE] = "";
    *failure = OAC_TRANSFER_LOCAL;
    const off_t end = lseek(transfer->fd, 0, SEEK_END);
    if (end < 0)
        return oac_fail(err, OAC_EIO, "%s: cannot seek: %s", transfer->path, strerror(errno));
    state.have_bytes = (size_t)end;
    if (state.have_bytes >= transfer->max_bytes) {
        *cannot_resume = true;
        return oac_fail(err, OAC_EIO, "%s: already longer than can be", transfer->path);
    }
    state.curl = curl_easy_init();
    if (!state.curl)
        return oac_fail(err, OAC_ENOMEM, "cannot start libcurl");
    CURLcode code = configure(&state, message);
    if (code == CURLE_OK)
        code = curl_easy_perform(state.curl);
    long http = 0;
    curl_easy_getinfo(state.curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(state.curl);
    *cannot_resume =
        end > 0 && !state.stopped && (code == CURLE_RANGE_ERROR || http == HTTP_RANGE);
    return judge(&state, code, http, message, failure, err);
}

enum oac_status oac_transfer_run(const struct oac_transfer *transfer,
                                 enum oac_transfer_failure *failure, struct oac_err *err)
{
    bool cannot_resume = false;
    *failure = OAC_TRANSFER_LOCAL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return oac_fail(err, OAC_ENOMEM, "cannot start libcurl");
    enum oac_status status = request(transfer, &cannot_resume, failure, err);
    if (status && cannot_resume) {
        *failure = OAC_TRANSFER_LOCAL;
        if (ftruncate(transfer->fd, 0) != 0)
            status = oac_fail(err, OAC_EIO, "%s: cannot truncate: %s", transfer->path,
                              strerror(errno));
        else
            status = request(transfer, &cannot_resume, failure, err);
    }
    curl_global_cleanup();
    return status;
}
