{#- No analysed subject is missing from a table: one without values counts as missing, and is never dropped.

In a crossover the rows are those of the periods that the subject was treated in. -#}
{% test has_a_row_for_every_analysed_subject(model) %}

select subjects.usubjid
from {{ ref('adsl') }} as subjects
cross join {{ source('study', 'settings') }} as settings
left join {{ model }} as derived
    on subjects.usubjid = derived.usubjid
where
    subjects.analysfl = 'Y'
    and (settings.design <> 'crossover' or subjects.trt01p is not null)
    and derived.usubjid is null

{% endtest %}
