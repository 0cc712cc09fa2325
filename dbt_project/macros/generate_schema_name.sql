{#- Schema = layer, without the target's prefix: `marts.response` in every cut. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
