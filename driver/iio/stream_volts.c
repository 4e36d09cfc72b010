/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volts of the outputs: which codes stay within the limits, what may be driven, how long ramps are. */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "driver/iio/consent.h"
#include "driver/iio/stream_state.h"

#define TRAVEL_LEAST 0.98 /* of the modulator's whole travel, that a port must reach */
#define ROUNDING_V \
    1e-9 /* of v0 + lsb * code in double precision, generously; an LSB is 1e-5 or more */

static double volts(const struct oac_port *port, int32_t code)
{
    return port->v0_v + port->lsb_v * (double)code;
}

/* Board codes of the rig's; code_min..code_max are those the board can play within its limits. */
enum oac_status oac_iio_map_output(const struct oac_iio_stream *self, struct oac_iio_line *line,
                                   struct oac_port *port, const struct oac_curve *curve,
                                   struct oac_err *err)
{
    const struct oac_board_port *board = line->port;
    const double last = ldexp(1.0, board->codec.bits) - 1.0;
    int32_t low = INT32_MAX, high = -1;
    double darkest = INFINITY, brightest = -1.0, resting = INFINITY;
    line->board_code = oac_alloc(line->codes, sizeof *line->board_code, "a port's codes", err);
    if (!line->board_code)
        return err->status;
    for (int32_t c = 0; c < (int32_t)line->codes; c++) {
        const double v = volts(port, c), code = rint((v - line->v0_v) / line->lsb_v);
        const double light = oac_curve_transmission(curve, v);
        const double played =
            line->v0_v + line->lsb_v * code; /* not v: this is what comes out */
        if (!(code >= 0.0 && code <= last && played >= board->min_v - ROUNDING_V &&
              played <= board->max_v + ROUNDING_V))
            continue;
        line->board_code[c] = (uint16_t)code;
        low = c < low ? c : low;
        high = c;
        if (light < darkest) {
            darkest = light;
            port->code_safe = c;
        }
        if (light > brightest) {
            brightest = light;
            line->open_code = (uint16_t)c;
        }
        if (fabs(v - board->safe_v) < resting) {
            resting = fabs(v - board->safe_v);
            line->rest_code = (uint16_t)c;
        }
    }
    if (self->rig.subcarrier.periods > 0) /* the modem has its own say about amplitudes */
        port->code_safe = line->rest_code;
    else if (!(brightest - darkest >= TRAVEL_LEAST * (1.0 - curve->r)))
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: port %s of board %s plays %g..%g V, which does not move its "
                        "modulator (peak at %g V, V_pi %g V) from dark to bright: amplify, or "
                        "bias it there",
                        self->rig.name, board->name, oac_iio_profile(self, line->board)->name,
                        board->min_v, board->max_v, curve->vpeak_v, curve->vpi_v);
    port->code_min = low;
    port->code_max = high;
    return OAC_OK;
}

static double played_v(const struct oac_iio_line *line, int32_t code)
{
    return line->v0_v + line->lsb_v * line->board_code[code];
}

size_t oac_iio_ramp_slots(const struct oac_iio_stream *self)
{
    double longest = OAC_IIO_RAMP_SLOTS;
    for (size_t d = 0; d <= self->channels; d++) {
        const struct oac_iio_line *line = &self->line[d];
        const double way_v =
            fabs(played_v(line, self->ports[d].code_safe) - played_v(line, line->rest_code));
        longest =
            fmax(longest, ceil(way_v / line->port->ramp_v_per_s / self->caps.link.slot_s));
    }
    return (size_t)longest;
}

/* The tap knows a port by its name on the bench. */
static void tell(const struct oac_iio_stream *self, const struct oac_iio_line *line,
                 const char *role)
{
    const struct oac_tap *tap = self->drive.tap;
    const struct oac_bench_port at = {line->board, line->port};
    struct oac_board_port named = *line->port;
    char name[OAC_BENCH_PORT_BYTES];
    snprintf(named.name, sizeof named.name, "%.63s",
             oac_bench_port_name(&self->boards, &at, name));
    oac_iio_watched_name(self->board[line->board].session, line->port->device, named.device,
                         sizeof named.device);
    tap->bound(tap->context, &named, role, line->v0_v, line->lsb_v);
}

static enum oac_status board_consent(const struct oac_iio_stream *self, size_t board,
                                     struct oac_err *err)
{
    struct oac_arming_port driven[OAC_BOARD_PORTS_MAX];
    char purpose[80];
    size_t count = 0;
    for (size_t d = 0; d <= self->channels; d++) {
        const struct oac_iio_line *line = &self->line[d];
        if (line->board != board)
            continue;
        const double a = played_v(line, self->ports[d].code_min),
                     b = played_v(line, self->ports[d].code_max);
        driven[count++] = (struct oac_arming_port){line->port->name, fmin(a, b), fmax(a, b)};
        if (self->drive.tap)
            tell(self, line, d == self->channels ? "client" : "weight");
    }
    snprintf(purpose, sizeof purpose, "rig %.60s", self->rig.name);
    if (count == 0)
        return OAC_OK;
    return oac_iio_consent(self->board[board].session, oac_iio_profile(self, board),
                           &self->drive, purpose, count, driven, err);
}

enum oac_status oac_iio_ports_consent(const struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t b = 0; b < self->boards.count; b++)
        if (board_consent(self, b, err))
            return err->status;
    return OAC_OK;
}
