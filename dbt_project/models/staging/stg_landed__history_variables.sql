with source as (

    select * from {{ source('landed', 'history_variables') }}

),

final as (

    select
        domain,
        variable,
        position,
        repeats_position,
        is_withheld
    from source

)

select * from final
