/* SPDX-License-Identifier: MIT */
#include "model.h"

int model_add_but(struct schema_set *set, struct str id, struct err *e)
{
	for (size_t i = 0; i < models_n; i++)
		if (!str_eq(str_c(models[i].id), id) &&
		    schema_set_add(set, str_c(models[i].uri), models[i].text, e) < 0)
			return -1;
	return 0;
}

int model_add_all(struct schema_set *set, struct err *e)
{
	return model_add_but(set, STR_NONE, e);
}
