# What the studies would train, cost and show. It makes no file, so it is told anew whenever it is asked for.


rule plan:
    localrule: True
    params:
        # What jobs are shared out to: this machine's cores, or as many jobs as the queue holds.
        cores=lambda w: workflow.cores if workflow.local_exec else workflow.nodes,
    shell:
        "python -m ablatlas.plan --scale {SCALE} --published {PUBLISHED} --ladders {LADDERS} --cores {params.cores}"
