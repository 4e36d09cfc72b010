/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text attributes, with read-back of every write, and a profile's sequences of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/iio/session_state.h"

#define PAUSE_US     20000u
#define VALUE_BYTES  4096u
#define SETTLE_US    50000u /* ten ticks of the slowest trigger */
#define SETTLE_TIMES 100u   /* 5 s, twice what a server waits for room */
#define NEAR         1e-3   /* relative: rates and gains are rounded to what the hardware has */

struct place { /* of an attribute, found anew in every attempt: contexts come and go */
    const char *device, *channel, *attribute;
    bool output;
};

static void name_place(const struct place *place, const char *verb, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s %s%s%s.%s", verb, place->device, place->channel[0] ? "/" : "",
             place->channel, place->attribute);
}

static ssize_t read_device(const struct iio_device *device, const char *name, char *value,
                           size_t bytes)
{
    if (iio_device_find_attr(device, name))
        return iio_device_attr_read(device, name, value, bytes);
    if (iio_device_find_buffer_attr(device, name))
        return iio_device_buffer_attr_read(device, name, value, bytes);
    return iio_device_debug_attr_read(device, name, value, bytes);
}

static ssize_t write_device(const struct iio_device *device, const char *name,
                            const char *value)
{
    if (iio_device_find_attr(device, name))
        return iio_device_attr_write(device, name, value);
    if (iio_device_find_buffer_attr(device, name))
        return iio_device_buffer_attr_write(device, name, value);
    return iio_device_debug_attr_write(device, name, value);
}

/* One exchange; the library's answer in *answer. Status only for what cannot be found. */
static enum oac_status exchange(struct oac_iio_session *session, const struct place *place,
                                const char *written, char *value, size_t bytes, ssize_t *answer,
                                struct oac_err *err)
{
    struct iio_device *device = NULL;
    struct iio_channel *channel = NULL;
    struct oac_iio_call call;
    if (oac_iio_find_device(session, place->device, &device, err) ||
        (place->channel[0] && oac_iio_find_channel(session, place->device, place->channel,
                                                   place->output, &channel, err)))
        return err->status;
    if (!oac_iio_has(session, place->device, place->channel, place->output, place->attribute))
        return oac_fail(err, OAC_ENOTFOUND, "%s: %s%s%s has no attribute '%s'", session->uri,
                        place->device, place->channel[0] ? "/" : "", place->channel,
                        place->attribute);
    oac_iio_enter(&call);
    if (written)
        *answer = channel ? iio_channel_attr_write(channel, place->attribute, written)
                          : write_device(device, place->attribute, written);
    else
        *answer = channel ? iio_channel_attr_read(channel, place->attribute, value, bytes)
                          : read_device(device, place->attribute, value, bytes);
    oac_iio_leave(&call);
    return OAC_OK;
}

/* Repeats what can be repeated. After an answer that is no clean refusal, replies may have shifted by one: the
 * context is opened again before anything else is believed. */
static enum oac_status insist(struct oac_iio_session *session, const struct place *place,
                              const char *written, char *value, size_t bytes,
                              struct oac_err *err)
{
    char what[300];
    ssize_t answer = 0;
    name_place(place, written ? "writing" : "reading", what, sizeof what);
    for (unsigned attempt = 0; attempt < OAC_IIO_ATTEMPTS; attempt++) {
        if (attempt)
            usleep(PAUSE_US << attempt);
        if (exchange(session, place, written, value, bytes, &answer, err))
            return err->status;
        if (answer >= 0)
            return OAC_OK;
        const enum oac_iio_answer next = oac_iio_answer_of((int)answer, false);
        if (next == OAC_IIO_FATAL || session->dry)
            return oac_iio_fail(session, (int)answer, false, what, err);
        if (next != OAC_IIO_RETRY)
            session->dead = true;
        if (session->dead && session->buffers)
            break;
    }
    return oac_iio_fail(session, (int)answer, false, what, err);
}

static void tell(const struct oac_iio_session *session, const struct place *place,
                 const char *value)
{
    char name[300], whole[400];
    if (!session->tap)
        return;
    name_place(place, "", name, sizeof name);
    oac_iio_watched_name(session, name + 1, whole, sizeof whole);
    session->tap->wrote(session->tap->context, whole, value);
}

enum oac_status oac_iio_read(struct oac_iio_session *session, const char *device,
                             const char *channel, bool output, const char *attribute,
                             char *value, size_t bytes, struct oac_err *err)
{
    const struct place place = {device, channel, attribute, output};
    char text[VALUE_BYTES] = "";
    if (insist(session, &place, NULL, text, sizeof text, err))
        return err->status;
    text[sizeof text - 1] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (bytes)
        snprintf(value, bytes, "%s", text);
    return OAC_OK;
}

enum oac_status oac_iio_write(struct oac_iio_session *session, const char *device,
                              const char *channel, bool output, const char *attribute,
                              const char *value, char *readback, size_t bytes,
                              struct oac_err *err)
{
    const struct place place = {device, channel, attribute, output};
    struct oac_err unreadable;
    tell(session, &place, value);
    if (insist(session, &place, value, NULL, 0, err))
        return err->status;
    if (oac_iio_read(session, device, channel, output, attribute, readback, bytes,
                     &unreadable)) {
        if (session->dead) { /* not unreadable: gone */
            *err = unreadable;
            return err->status;
        }
        if (bytes)
            readback[0] = '\0';
    }
    return OAC_OK;
}

/* Values are text, sometimes with a unit behind a number: "71.000000 dB". */
static bool agrees(const char *wanted, const char *got)
{
    char *end_wanted, *end_got;
    const double a = strtod(wanted, &end_wanted), b = strtod(got, &end_got);
    if (end_wanted == wanted || end_got == got)
        return strcmp(wanted, got) == 0;
    return fabs(a - b) <= NEAR * fmax(fabs(a), fabs(b));
}

/* Rates are chosen and checked by whoever plays, not by a profile's set-up. */
static bool is_rate(const struct oac_board *board, const struct oac_board_write *write)
{
    for (size_t i = 0; i < board->ports; i++)
        if (strcmp(board->port[i].rate_device, write->device) == 0 &&
            strcmp(board->port[i].rate_attribute, write->attribute) == 0)
            return true;
    return false;
}

static enum oac_status apply(struct oac_iio_session *session, const struct oac_board *board,
                             const struct oac_board_write *write, struct oac_err *err)
{
    char readback[VALUE_BYTES] = "";
    if (oac_iio_trust(session, err))
        return err->status;
    if (write->optional &&
        !oac_iio_has(session, write->device, write->channel, write->output, write->attribute))
        return OAC_OK;
    if (oac_iio_write(session, write->device, write->channel, write->output, write->attribute,
                      write->value, readback, sizeof readback, err))
        return err->status;
    if (readback[0] == '\0' || is_rate(board, write) || agrees(write->value, readback))
        return OAC_OK;
    return oac_fail(
        err, OAC_EDEVICE,
        "%s: %s%s%s.%s reads %.60s after %.60s was written: profile %s does not fit "
        "this board; run oac probe",
        session->uri, write->device, write->channel[0] ? "/" : "", write->channel,
        write->attribute, readback, write->value, board->name);
}

enum oac_status oac_iio_setup(struct oac_iio_session *session, const struct oac_board *board,
                              struct oac_err *err)
{
    for (size_t i = 0; i < board->setups; i++)
        if (apply(session, board, &board->setup[i], err))
            return err->status;
    for (size_t i = 0; i < board->ports; i++) {
        const struct oac_board_port *port = &board->port[i];
        if (port->trigger[0] && oac_iio_attach(session, port->device, port->trigger, err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status safe_once(struct oac_iio_session *session, const struct oac_board *board,
                                 struct oac_err *err)
{
    enum oac_status first = OAC_OK;
    for (size_t i = 0; i < board->safes; i++) {
        struct oac_err failed;
        const bool bad = apply(session, board, &board->safe[i], &failed) != OAC_OK;
        if (bad && first == OAC_OK) {
            *err = failed;
            first = failed.status;
        }
        if (bad && !session->context) /* nobody there: more attempts would only take time */
            break;
    }
    return first;
}

static bool stays_safe(struct oac_iio_session *session, const struct oac_board *board)
{
    for (size_t i = 0; i < board->safes; i++) {
        const struct oac_board_write *write = &board->safe[i];
        char now[VALUE_BYTES] = "";
        struct oac_err ignored;
        if (!oac_iio_read(session, write->device, write->channel, write->output,
                          write->attribute, now, sizeof now, &ignored) &&
            !agrees(write->value, now))
            return false;
    }
    return true;
}

static bool has_paced_output(const struct oac_board *board)
{
    for (size_t i = 0; i < board->ports; i++)
        if (board->port[i].output && board->port[i].trigger[0])
            return true;
    return false;
}

/* A server plays what it holds of a closed buffer to its end, over what is written meanwhile. */
enum oac_status oac_iio_safe(struct oac_iio_session *session, const struct oac_board *board,
                             struct oac_err *err)
{
    enum oac_status status = safe_once(session, board, err);
    if (!has_paced_output(board))
        return status;
    for (unsigned i = 0; i < SETTLE_TIMES && !session->dead && session->context; i++) {
        usleep(SETTLE_US);
        if (!status && stays_safe(session, board))
            return OAC_OK;
        status = safe_once(session, board, err);
    }
    return status
               ? status
               : oac_fail(err, OAC_EDEVICE,
                          "%s: outputs of board %s do not stay at their safe values: another "
                          "program plays on them; close it, then run oac safe",
                          session->uri, board->name);
}
