/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/roles.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const oac_role_names[OAC_ROLES] = {"weight", "client", "readout", "gate"};

static void note(char text[OAC_ROLES_NOTE_BYTES], const char *format, ...) OAC_PRINTF(2, 3);

static void note(char text[OAC_ROLES_NOTE_BYTES], const char *format, ...)
{
    char line[OAC_ROLES_NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (strstr(text, line)) /* weight and client say the same */
        return;
    size_t used = strlen(text);
    snprintf(text + used, OAC_ROLES_NOTE_BYTES - used, "%s%s", used ? "; " : "", line);
}

/* Whether at one of the port's rates a slot is a whole number of samples and its codes reach low_v to high_v. */
static bool converts(const struct oac_board_port *port, double slot_rate_hz, double low_v,
                     double high_v, const char *what, char *text)
{
    double a = port->v0_v, b = oac_board_port_volts(port, ldexp(1.0, port->codec.bits) - 1.0);
    double largest_hz = 0.0, gain = 0.0;
    for (size_t i = 0; i < port->rates || i == 0; i++) {
        bool any = port->rates == 0; /* an external clock */
        double rate_hz = any ? slot_rate_hz : port->rate_hz[i],
               g = any ? 1 : port->rate_gain[i];
        double samples = rate_hz / slot_rate_hz, slack_v = g * fabs(port->lsb_v);
        largest_hz = fmax(largest_hz, rate_hz);
        const double whole = floor(samples + 0.5);
        if (!(whole >= 1.0 && fabs(samples - whole) <= OAC_BOARD_RATE_NEAR * whole))
            continue;
        gain = fmax(gain, g);
        if (low_v >= g * fmin(a, b) - slack_v && high_v <= g * fmax(a, b) + slack_v)
            return true;
    }
    if (gain > 0.0)
        note(text, "converts %.4g to %.4g V, the rig's %s needs %.4g to %.4g V",
             gain * fmin(a, b), gain * fmax(a, b), what, low_v, high_v);
    else if (largest_hz < slot_rate_hz)
        note(text, "at most %g S/s, slots come at %g Hz", largest_hz, slot_rate_hz);
    else
        note(text, "no rate is a multiple of %g slots/s", slot_rate_hz);
    return false;
}

static bool output_fits(const struct oac_board_port *port, const struct oac_rig *rig,
                        const struct oac_rig_dac *dac, const char *what, char *text)
{
    double low_v = dac->min_v, high_v = dac->min_v + dac->full_scale_v;
    if (port->ac_coupled) { /* the subcarrier's amplitude is half the travel */
        low_v = -0.5 * dac->full_scale_v;
        high_v = -low_v;
    }
    if (dac->bits > port->codec.bits)
        note(text, "%u bits, the rig's %s has %lld", port->codec.bits, what,
             (long long)dac->bits);
    if (!converts(port, rig->slot_rate_hz, low_v, high_v, what, text))
        return false;
    if (low_v < port->min_v - fabs(port->lsb_v) || high_v > port->max_v + fabs(port->lsb_v))
        note(text, "held to its limits, %g to %g V", port->min_v, port->max_v);
    return true;
}

static bool input_fits(const struct oac_board_port *port, const struct oac_rig *rig, char *text)
{
    double low_v = rig->adc.min_v, high_v = rig->adc.min_v + rig->adc.full_scale_v;
    if (port->ac_coupled) {
        low_v = -0.5 * rig->adc.full_scale_v;
        high_v = -low_v;
    }
    if (rig->adc.bits > port->codec.bits)
        note(text, "%u bits, the rig's adc has %lld", port->codec.bits,
             (long long)rig->adc.bits);
    return converts(port, rig->slot_rate_hz, low_v, high_v, "adc", text);
}

static void find_port(const struct oac_board_port *port, const struct oac_rig *rig,
                      bool plays[OAC_ROLES], char *text)
{
    if (port->ac_coupled)
        note(text, "on a subcarrier");
    if (!port->output) {
        plays[OAC_ROLE_READOUT] = !rig || input_fits(port, rig, text);
        return;
    }
    plays[OAC_ROLE_WEIGHT] =
        !rig || output_fits(port, rig, &rig->weight_dac, "weight_dac", text);
    plays[OAC_ROLE_CLIENT] =
        !rig || output_fits(port, rig, &rig->client_dac, "client_dac", text);
    plays[OAC_ROLE_GATE] = !port->ac_coupled;
}

static void miss(struct oac_roles *roles, const char *format, ...) OAC_PRINTF(2, 3);

static void miss(struct oac_roles *roles, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(roles->missing_text[roles->missing++], OAC_ROLES_NOTE_BYTES, format, arguments);
    va_end(arguments);
}

static size_t count(const struct oac_board *board, const struct oac_roles *roles,
                    enum oac_role role)
{
    size_t ports = 0;
    for (size_t i = 0; i < board->ports; i++)
        ports += roles->plays[i][role];
    return ports;
}

/* Outputs that drive light: those of weights, the client, or either. */
static size_t drives(const struct oac_board *board, const struct oac_roles *roles)
{
    size_t ports = 0;
    for (size_t i = 0; i < board->ports; i++)
        ports += roles->plays[i][OAC_ROLE_WEIGHT] || roles->plays[i][OAC_ROLE_CLIENT];
    return ports;
}

static void find_missing(const struct oac_board *board, struct oac_roles *roles)
{
    const size_t *needed = roles->needed;
    size_t weights = count(board, roles, OAC_ROLE_WEIGHT);
    size_t readouts = count(board, roles, OAC_ROLE_READOUT);
    size_t either = drives(board, roles), all = needed[OAC_ROLE_WEIGHT] + 1;
    if (count(board, roles, OAC_ROLE_CLIENT) == 0)
        miss(roles, "an output for the client's modulator");
    if (weights < needed[OAC_ROLE_WEIGHT])
        miss(roles, "outputs for %zu of %zu weight modulators",
             needed[OAC_ROLE_WEIGHT] - weights, needed[OAC_ROLE_WEIGHT]);
    else if (count(board, roles, OAC_ROLE_CLIENT) > 0 && either < all)
        miss(roles, "%zu more outputs: weights and client need %zu", all - either, all);
    if (readouts < needed[OAC_ROLE_READOUT])
        miss(roles, "inputs for %zu of %zu detectors", needed[OAC_ROLE_READOUT] - readouts,
             needed[OAC_ROLE_READOUT]);
    if (needed[OAC_ROLE_GATE] && (count(board, roles, OAC_ROLE_GATE) == 0 || either <= all))
        miss(roles, "a DC-coupled output to gate the integrators (not needed by receivers that "
                    "run freely)");
}

void oac_roles_find(const struct oac_board *board, const struct oac_rig *rig,
                    struct oac_roles *roles)
{
    memset(roles, 0, sizeof *roles);
    size_t channels = rig && rig->channels > 0 ? (size_t)rig->channels : 1;
    roles->needed[OAC_ROLE_WEIGHT] = channels;
    roles->needed[OAC_ROLE_CLIENT] = 1;
    roles->needed[OAC_ROLE_READOUT] = channels;
    roles->needed[OAC_ROLE_GATE] = rig && rig->receiver.kind == OAC_RECEIVER_INTEGRATOR ? 1 : 0;
    for (size_t i = 0; i < board->ports; i++)
        find_port(&board->port[i], rig, roles->plays[i], roles->note[i]);
    find_missing(board, roles);
}
