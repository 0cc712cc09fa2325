{#- A cut's database is new, so a table or view is made in its place. dbt's own way makes it under another name, moves
    what was there out of the way, renames and drops: for a small study that took longer than all its queries. -#}
{% materialization table, adapter='duckdb' %}
    {{ return(made_in_place('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(made_in_place('view')) }}
{% endmaterialization %}

{% macro made_in_place(kind) -%}
    {%- set relation = this.incorporate(type=kind) -%}
    {%- call statement('main') -%}
        {%- if kind == 'table' -%}
            {{ create_table_as(false, relation, sql) }}
        {%- else -%}
            {{ create_view_as(relation, sql) }}
        {%- endif -%}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}
