/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can go wrong, and the one sentence that says so.
 *
 * A fallible function returns `enum oac_status` and, when it is not OAC_OK, has filled the
 * caller's `struct oac_err` with one line naming the object, the value, the limit and the unit,
 * and what to do next. Outputs are untouched on failure. `err` is never NULL. */
#ifndef OAC_BASE_STATUS_H
#define OAC_BASE_STATUS_H

/* name, process exit code, what it means */
#define OAC_STATUS_LIST(X)                                                            \
    X(OAC_OK, 0, "success")                                                           \
    X(OAC_EINVAL, 1, "a value is out of range or not finite")                         \
    X(OAC_EPARSE, 1, "a file is truncated, corrupt or not of the expected format")    \
    X(OAC_EIO, 1, "the operating system refused to read or write")                    \
    X(OAC_ENOMEM, 1, "memory is exhausted or a size overflows")                       \
    X(OAC_ENOTFOUND, 1, "a named file, data set, layer or key does not exist")        \
    X(OAC_EMISMATCH, 1, "two objects do not fit each other (shape, range, identity)") \
    X(OAC_EUNSUPPORTED, 1, "valid, but this build or this link cannot do it")         \
    X(OAC_EMISSED, 1, "the work was done but missed its target")                      \
    X(OAC_EUSAGE, 2, "the command line is wrong")                                     \
    X(OAC_EDEVICE, 3, "a device failed, vanished or refused")                         \
    X(OAC_EINTERRUPTED, 130, "interrupted by SIGINT or SIGTERM")                      \
    X(OAC_EINTERNAL, 1, "a bug in oac: please report it")

enum oac_status {
#define OAC_STATUS_ENUM(name, exit_code, text) name,
    OAC_STATUS_LIST(OAC_STATUS_ENUM)
#undef OAC_STATUS_ENUM
};

#define OAC_MUST_USE           __attribute__((warn_unused_result))
#define OAC_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

struct oac_err {
    enum oac_status status;
    char message[600];
};

/* Fills *err with one line and returns `status`, so that `return oac_fail(err, ...)` reads
 * well. */
enum oac_status oac_fail(struct oac_err *err, enum oac_status status, const char *format, ...)
    OAC_PRINTF(3, 4);

/* Puts "context: " before the message already in *err (which file, which layer); returns its
 * status. */
enum oac_status oac_fail_within(struct oac_err *err, const char *format, ...) OAC_PRINTF(2, 3);

const char *oac_status_name(enum oac_status status); /* "OAC_EPARSE" */
const char *oac_status_text(enum oac_status status); /* the sentence of the list above */
int oac_status_exit_code(enum oac_status status);

#endif
