{#- The columns that name a row: no two rows alike (nulls count as equal), and `required` ones never null.

The build orders a table's Parquet file by the same columns. -#}
{% test unique_grain(model, columns, required) %}

select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in required %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
