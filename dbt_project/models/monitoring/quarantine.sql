with landed as (

    select * from {{ ref('stg_landed__quarantined_rows') }}

),

final as (

    select
        siteid,
        source_file,
        column_name,
        code,
        reason,
        delivery_id,
        source_row
    from landed

)

select * from final
