/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/demux.h"

#include "base/units.h"
#include "sim/rig.h"

bool oac_demux_has_crosstalk(const struct oac_rig *rig)
{
    return oac_linear_loss_from_db(rig->demux.adjacent_db) > 0.0 ||
           oac_linear_loss_from_db(rig->demux.nonadjacent_db) > 0.0;
}

void oac_demux_matrix(const struct oac_rig *rig, size_t channels, double *x)
{
    double il = oac_linear_loss_from_db(rig->demux.il_db);
    double adjacent = il * oac_linear_loss_from_db(rig->demux.adjacent_db);
    double nonadjacent = il * oac_linear_loss_from_db(rig->demux.nonadjacent_db);
    for (size_t k = 0; k < channels; k++) {
        for (size_t j = 0; j < channels; j++) {
            size_t distance = k > j ? k - j : j - k;
            x[k * channels + j] = distance == 0 ? il : distance == 1 ? adjacent : nonadjacent;
        }
    }
}

double oac_demux_column_max(const struct oac_rig *rig, size_t channels)
{
    size_t neighbours = channels > 2 ? 2 : channels - 1;
    size_t others = channels - 1 - neighbours;
    double adjacent_db = rig->demux.adjacent_db - rig->demux.crosstalk_spread_db;
    double nonadjacent_db = rig->demux.nonadjacent_db - rig->demux.crosstalk_spread_db;
    return oac_linear_loss_from_db(rig->demux.il_db) *
           (1.0 + (double)neighbours * oac_linear_loss_from_db(adjacent_db) +
            (double)others * oac_linear_loss_from_db(nonadjacent_db));
}
