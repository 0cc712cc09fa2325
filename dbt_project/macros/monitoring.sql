{#- A whole number from 0 to 4503599627370495 that follows from a text alone: the same on any machine and in any order. -#}
{% macro number_from_text(text) -%}
    {{ return(adapter.dispatch('number_from_text')(text)) }}
{%- endmacro %}

{% macro default__number_from_text(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 13) as bigint)
{%- endmacro %}

{% macro spark__number_from_text(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 13), 16, 10) as bigint)
{%- endmacro %}

{#- Standard normal deviate of a chi-square (Wilson and Hilferty 1931). -#}
{% macro chi_square_score(chi_square, degrees) -%}
    (power({{ chi_square }} / {{ degrees }}, 1.0 / 3) - (1 - 2.0 / (9 * {{ degrees }}))) / sqrt(2.0 / (9 * {{ degrees }}))
{%- endmacro %}

{#- Share of the standard normal distribution above a deviate (Abramowitz and Stegun 1964, 26.2.17; error below 1e-7). -#}
{% macro normal_tail(score) -%}
    case
            when {{ score }} < 0 then 1 - ({{ upper_normal_tail(score) }})
            else {{ upper_normal_tail(score) }}
        end
{%- endmacro %}

{% macro upper_normal_tail(score) -%}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ score ~ ')))' -%}
    exp(-{{ score }} * {{ score }} / 2) * 0.3989422804 * {{ t }} * (0.31938153 + {{ t }} * (-0.356563782
        + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))))
{%- endmacro %}
