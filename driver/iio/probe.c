/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "driver/context_file.h"

enum oac_status oac_probe_open(const char *uri, unsigned timeout_ms,
                               struct oac_iio_session **session, struct oac_err *err)
{
    static const char XML[] = "xml:";
    if (strncmp(uri, XML, sizeof XML - 1) == 0 &&
        oac_context_file_check(uri + sizeof XML - 1, err))
        return err->status;
    return oac_iio_open(uri, timeout_ms, session, err);
}

static void count_channel(void *context, const struct oac_iio_channel_info *info)
{
    struct oac_probe *probe = context;
    (void)info;
    probe->channels++;
}

static void keep_channel(void *context, const struct oac_iio_channel_info *info)
{
    struct oac_probe *probe = context;
    probe->channel[probe->channels++] = *info;
}

static enum oac_status list_channels(struct oac_iio_session *session, struct oac_probe *probe,
                                     struct oac_err *err)
{
    if (oac_iio_channels(session, count_channel, probe, err))
        return err->status;
    probe->channel = oac_alloc(probe->channels + 1, sizeof *probe->channel, "channels", err);
    if (!probe->channel)
        return err->status;
    probe->channels = 0; /* a context does not change while it is open */
    return oac_iio_channels(session, keep_channel, probe, err);
}

static const struct oac_iio_channel_info *find_channel(const struct oac_probe *probe,
                                                       const struct oac_board_port *port,
                                                       const char *channel)
{
    for (size_t i = 0; i < probe->channels; i++) {
        const struct oac_iio_channel_info *info = &probe->channel[i];
        if (info->output == port->output && strcmp(info->device, port->device) == 0 &&
            strcmp(info->channel, channel) == 0)
            return info;
    }
    return NULL;
}

static void show_codec(const struct oac_codec *codec, char text[32])
{
    snprintf(text, 32, "%s:%c%u/%u>>%u", codec->big_endian ? "be" : "le",
             codec->is_signed ? (codec->fully_defined ? 'S' : 's')
                              : (codec->fully_defined ? 'U' : 'u'),
             codec->bits, codec->storage_bits, codec->shift);
}

/* Whether this channel of the port is there as the profile expects it; else why not. */
static bool channel_fits(const struct oac_probe *probe, const struct oac_board_port *port,
                         const char *channel, char why[OAC_PROBE_WHY_BYTES])
{
    const struct oac_iio_channel_info *info = find_channel(probe, port, channel);
    char there[32], expected[32];
    if (!info) {
        snprintf(why, OAC_PROBE_WHY_BYTES, "there is no %s channel %s of %s",
                 port->output ? "output" : "input", channel, port->device);
        return false;
    }
    if (info->codec.bits && oac_codec_holds(&info->codec, &port->codec))
        return true;
    show_codec(&info->codec, there);
    show_codec(&port->codec, expected);
    snprintf(why, OAC_PROBE_WHY_BYTES, "%s %s holds %s, expected %s", port->device, channel,
             info->codec.bits ? there : "no samples", expected);
    return false;
}

static void judge(const struct oac_probe *probe, const struct oac_board *board,
                  struct oac_probe_fit *fit)
{
    snprintf(fit->name, sizeof fit->name, "%s", board->name);
    fit->ports = board->ports;
    fit->by_model = board->match[0] && strstr(probe->hw_model, board->match);
    if (board->match[0] && probe->hw_model[0] && !fit->by_model) {
        snprintf(fit->why, sizeof fit->why, "hw_model is \"%.100s\", without \"%s\"",
                 probe->hw_model, board->match);
        return;
    }
    for (size_t i = 0; i < board->ports; i++) {
        const struct oac_board_port *port = &board->port[i];
        if (!channel_fits(probe, port, port->channel, fit->why) ||
            (port->iq && !channel_fits(probe, port, port->channel_q, fit->why)))
            return;
    }
    fit->fits = true;
    snprintf(fit->why, sizeof fit->why, "%sall %zu ports are there with their formats",
             fit->by_model ? "hw_model names it, and " : "", board->ports);
}

static bool better(const struct oac_probe_fit *a, const struct oac_probe_fit *b)
{
    if (!a->fits || !b)
        return a->fits;
    return a->by_model != b->by_model ? a->by_model : a->ports > b->ports;
}

struct trial { /* of all shipped profiles */
    struct oac_probe *probe;
    struct oac_board *board; /* the one that is tried */
    enum oac_status status;
    struct oac_err *err;
};

static void try_profile(void *context, const char *name, const char *path)
{
    struct trial *trial = context;
    struct oac_probe *probe = trial->probe;
    (void)name;
    if (trial->status || probe->fits == OAC_PROBE_FITS_MAX)
        return;
    trial->status = oac_board_read(path, trial->board, trial->err);
    if (trial->status)
        return;
    struct oac_probe_fit *fit = &probe->fit[probe->fits++];
    judge(probe, trial->board, fit);
    if (better(fit, probe->best)) {
        probe->best = fit;
        probe->board = *trial->board;
    }
}

static enum oac_status try_profiles(struct oac_probe *probe, const char *only,
                                    struct oac_err *err)
{
    struct trial trial = {.probe = probe, .err = err};
    trial.board = oac_alloc(1, sizeof *trial.board, "board profile", err);
    if (!trial.board)
        return err->status;
    if (only)
        try_profile(&trial, only, only);
    else if (oac_board_list(try_profile, &trial, err))
        trial.status = err->status;
    free(trial.board);
    return trial.status;
}

enum oac_status oac_probe_create(struct oac_iio_session *session, const char *board,
                                 const struct oac_rig *rig, struct oac_probe **probe,
                                 struct oac_err *err)
{
    struct oac_probe *made = oac_alloc(1, sizeof *made, "probe", err);
    if (!made)
        return err->status;
    const char *model = oac_iio_context_attribute(session, "hw_model");
    const char *description = oac_iio_description(session);
    made->uri = oac_iio_uri(session);
    made->description = description ? description : "";
    made->hw_model = model ? model : "";
    if (list_channels(session, made, err) || try_profiles(made, board, err)) {
        oac_probe_destroy(made);
        return err->status;
    }
    if (made->best)
        oac_roles_find(&made->board, rig, &made->roles);
    for (size_t i = 0; i < made->board.ports; i++) {
        struct oac_err note;
        if (oac_probe_range(session, &made->board.port[i], &note))
            snprintf(made->range_note[i], sizeof made->range_note[i], "%.*s",
                     (int)sizeof made->range_note[i] - 1, note.message);
    }
    *probe = made;
    return OAC_OK;
}

void oac_probe_destroy(struct oac_probe *probe)
{
    if (!probe)
        return;
    free(probe->channel);
    free(probe);
}

enum oac_status oac_probe_board(struct oac_iio_session *session, const char *name,
                                struct oac_board *board, struct oac_err *err)
{
    struct oac_probe *probe = NULL;
    if (oac_probe_create(session, name, NULL, &probe, err) || !probe)
        return err->status;
    enum oac_status status = OAC_OK;
    if (probe->best)
        *board = probe->board;
    else if (name)
        status = oac_fail(err, OAC_EMISMATCH, "%s: board profile %s does not fit: %s",
                          probe->uri, probe->fit[0].name, probe->fit[0].why);
    else
        status = oac_fail(err, OAC_EMISMATCH,
                          "%s: no board profile fits; see why with oac probe, name a profile "
                          "with --board, or write one (docs/boards.md)",
                          probe->uri);
    oac_probe_destroy(probe);
    return status;
}

/* IIO states scales in millivolts a code. */
static double volts_from_iio_scale(double scale_mv)
{
    return 1e-3 * scale_mv;
}

/* The attribute's number, where it is there and readable. */
static bool read_number(struct oac_iio_session *session, const struct oac_board_port *port,
                        const char *attribute, double *value)
{
    char text[64];
    struct oac_err ignored;
    if (!oac_iio_has(session, port->device, port->channel, port->output, attribute) ||
        oac_iio_read(session, port->device, port->channel, port->output, attribute, text,
                     sizeof text, &ignored))
        return false;
    text[strcspn(text, "\n ")] = '\0';
    return oac_number_parse(text, value);
}

enum oac_status oac_probe_range(struct oac_iio_session *session,
                                const struct oac_board_port *port, struct oac_err *err)
{
    double scale_mv, offset = 0.0;
    if (!read_number(session, port, "scale", &scale_mv))
        return OAC_OK;
    bool has_offset = read_number(session, port, "offset", &offset);
    double lsb_v = volts_from_iio_scale(scale_mv);
    double zero = port->codec.is_signed ? -ldexp(1.0, port->codec.bits - 1) : 0.0;
    double v0_v = lsb_v * (zero + offset);
    /* Scales are printed with six digits; a wrong range is off by a factor. */
    bool same = fabs(lsb_v - fabs(port->lsb_v)) <= 1e-3 * fabs(port->lsb_v) &&
                (!has_offset || fabs(v0_v - port->v0_v) <= 2e-3 * fabs(port->v0_v) + 1e-6);
    if (same)
        return OAC_OK;
    return oac_fail(
        err, OAC_EMISMATCH,
        "port %s: the device's scale and offset make %.6g V + code * %.6g V, the "
        "profile says %.6g V + code * %.6g V: set its range, or correct the profile",
        port->name, v0_v, lsb_v, port->v0_v, port->lsb_v);
}
