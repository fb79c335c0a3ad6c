// Made by npm run generate from docs/api/declaration.json; not written by hand.
export interface paths {
    "/v1/budget-sheet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The blank budget sheet of a pack, as .xlsx */
        get: operations["GetBudgetSheet"];
        put?: never;
        /**
         * Read a filled-in budget sheet: its lines, and what is wrong at which cell; nothing is stored
         * @description Roles: declarer
         */
        post: operations["ReadBudgetSheet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Facts that consumers of this service gave up on, the oldest first
         * @description Roles: operator, auditor
         */
        get: operations["ListDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One fact that a consumer gave up on
         * @description Roles: operator, auditor
         */
        get: operations["GetDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a fact that a consumer gave up on tried again; what waits behind it follows
         * @description Roles: operator
         */
        post: operations["RetryDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a fact up for good: what waits behind it goes on without its effects
         * @description Roles: operator
         */
        post: operations["SkipDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deadlines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Statutory clocks kept by this service */
        get: operations["ListDeadlines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which road a case takes, and why; nothing is stored */
        post: operations["Decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/packs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rule packs of the suite */
        get: operations["ListPacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plans the caller may see, newest first */
        get: operations["ListPlans"];
        put?: never;
        /**
         * Begin a development plan or a yearly plan
         * @description Roles: secretary
         */
        post: operations["DraftPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plan */
        get: operations["GetPlan"];
        /**
         * Replace what a plan says
         * @description Roles: secretary
         */
        put: operations["RevisePlan"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record one authority's approval of a plan
         * @description Roles: secretary
         */
        post: operations["RecordPlanApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * One unit's comment on a plan
         * @description Roles: declarer, member, secretary
         */
        post: operations["CommentPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/comments/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What became of the comments, one by one
         * @description Roles: secretary
         */
        post: operations["AnswerPlanComments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/comments/ask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask units for comments on a plan until a day
         * @description Roles: secretary
         */
        post: operations["AskPlanComments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/filing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record that a plan is filed with the authority above
         * @description Roles: secretary
         */
        post: operations["RecordPlanFiling"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/lay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lay a plan before the conference
         * @description Roles: secretary
         */
        post: operations["LayPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/papers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Attach one official paper to a plan; the body is the file
         * @description Roles: secretary
         */
        post: operations["AttachPlanPaper"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/papers/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one paper of a plan */
        get: operations["GetPlanPaper"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/papers/{sha256}/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put the office's e-seal on a paper of an approved plan
         * @description Roles: secretary
         */
        post: operations["SealPlanPaper"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Projects the caller may see, newest first */
        get: operations["ListProjects"];
        put?: never;
        /**
         * Begin a declaration
         * @description Roles: declarer
         */
        post: operations["DraftProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project */
        get: operations["GetProject"];
        /**
         * Replace a draft's content
         * @description Roles: declarer
         */
        put: operations["ReviseProject"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept the declaration: its road begins
         * @description Roles: secretary
         */
        post: operations["AcceptProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Attach one document to a draft; the body is the file
         * @description Roles: declarer
         */
        post: operations["AttachDocument"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/attachments/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one attachment */
        get: operations["GetAttachment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/budget-sheet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The declared budget of a project, as .xlsx */
        get: operations["GetProjectBudgetSheet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask to change an approved project
         * @description Roles: declarer
         */
        post: operations["RequestChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a project on which nothing is owed any more
         * @description Roles: secretary
         */
        post: operations["CloseProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/dossier": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything about one project: facts, clocks, amounts */
        get: operations["GetDossier"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/handover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record the government-investment outcome
         * @description Roles: reform_officer
         */
        post: operations["RecordHandover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the declaration at the door
         * @description Roles: secretary
         */
        post: operations["RefuseProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/responsible": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Name the responsible leader and contact
         * @description Roles: declarer
         */
        post: operations["NameResponsible"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the declaration back for completion
         * @description Roles: secretary
         */
        post: operations["ReturnProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lay the declaration before the supervising unit or the conference office
         * @description Roles: declarer
         */
        post: operations["SubmitProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/supervisor-review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The supervising unit's answer
         * @description Roles: supervisor
         */
        post: operations["ReviewAsSupervisor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/supplement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring a deferred project back to the conference
         * @description Roles: declarer
         */
        post: operations["SupplementProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take the declaration back
         * @description Roles: declarer
         */
        post: operations["WithdrawProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/returns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns that units owe, as far as the caller may see them, newest first */
        get: operations["ListReturns"];
        put?: never;
        /**
         * Enter a unit that owes a return
         * @description Roles: secretary
         */
        post: operations["OweReturn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/returns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One unit's return with all periods filed */
        get: operations["GetReturn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/returns/{id}/filings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * File the running period's return
         * @description Roles: declarer, member
         */
        post: operations["FileReturn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/returns/{id}/press": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Press a unit whose return is late
         * @description Roles: secretary
         */
        post: operations["PressReturn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key by which anyone checks the seals of this service */
        get: operations["GetSeal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller can do now in this service */
        get: operations["ListTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/witness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this service saw of the ledger, and the keys of its cosignatures */
        get: operations["GetWitness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/work-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The year's key work as far as the caller has a part in it, newest first */
        get: operations["ListWorkTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/work-tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One task of the year's key work */
        get: operations["GetWorkTask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/work-tasks/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The lead unit ends a task with its result
         * @description Roles: declarer, member
         */
        post: operations["CompleteWorkTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/work-tasks/{id}/press": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Press the units of a task that is overdue
         * @description Roles: secretary
         */
        post: operations["PressWorkTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/work-tasks/{id}/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A unit's report on its part of a task of the year
         * @description Roles: declarer, member
         */
        post: operations["ReportWorkTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AttachmentDocument: {
            attached_by?: string;
            item?: string;
            key?: string;
            media_type?: string;
            name?: string;
            sha256?: string;
            /** Format: int64 */
            size_bytes?: number;
            sm3?: string;
        };
        CalendarPeriod: {
            months?: number;
            until?: string;
            working_days?: number;
        };
        CheckpointKey: {
            from_size?: number;
            role?: string;
            unit?: string;
            until_size?: number;
            vkey?: string;
        };
        CheckpointKeys: {
            events?: components["schemas"]["SignKeySet"];
            keys?: components["schemas"]["CheckpointKey"][] | null;
            origin?: string;
            quorum?: number;
        };
        CheckpointSeen: {
            root?: string;
            size?: number;
        };
        Deadline: {
            basis?: string[] | null;
            calendar?: string;
            due_on?: string;
            id?: string;
            met_on?: string;
            moved_from?: string;
            obligation?: string;
            pauses?: components["schemas"]["Pause"][];
            period?: components["schemas"]["CalendarPeriod"];
            provisional?: boolean;
            reason?: string;
            state?: string;
            trigger_on?: string;
            unit?: string;
            warn_before?: number;
            warn_on?: string;
        };
        DeclarationAmounts: {
            /** Format: int64 */
            approved_fen?: number;
            /** Format: int64 */
            award_fen?: number;
            /** Format: int64 */
            budget_fen?: number;
            /** Format: int64 */
            contract_fen?: number;
            /** Format: int64 */
            declared_fen?: number;
            /** Format: int64 */
            evaluated_fen?: number;
            /** Format: int64 */
            final_fen?: number;
            /** Format: int64 */
            paid_fen?: number;
        };
        DeclarationChange: {
            /** Format: int64 */
            amount_fen?: number;
            description?: string;
            id?: string;
            reason?: string;
            state?: string;
        };
        DeclarationCloseProject: {
            reason: string;
        };
        DeclarationDossier: {
            amounts?: components["schemas"]["DeclarationAmounts"];
            deadlines?: components["schemas"]["DeclarationDossierClock"][] | null;
            project?: components["schemas"]["DeclarationProject"];
            timeline?: components["schemas"]["DeclarationTimelineEntry"][] | null;
        };
        DeclarationDossierClock: {
            basis?: string[] | null;
            due_on?: string;
            id?: string;
            met_on?: string;
            moved_from?: string;
            obligation?: string;
            paused_since?: string;
            provisional?: boolean;
            service?: string;
            state?: string;
            trigger_on?: string;
            unit?: string;
        };
        DeclarationDraftProject: {
            basis: components["schemas"]["DeclarationReference"][] | null;
            case: components["schemas"]["PolicyCase"];
            contact?: string;
            content: string;
            contract_years?: number;
            key_annual?: boolean;
            leader?: string;
            lineage?: string;
            period_months: number;
            system_id?: string;
            title: string;
        };
        DeclarationEvidence: {
            note?: string;
            on?: string;
            source?: string;
        };
        DeclarationFailures: {
            expert?: number;
            third_party?: number;
        };
        DeclarationNameResponsible: {
            contact: string;
            leader: string;
        };
        DeclarationPackInfo: {
            deadlines?: {
                [key: string]: components["schemas"]["PolicyText"];
            } | null;
            district?: string;
            id?: string;
            in_force?: boolean;
            provisions?: {
                [key: string]: components["schemas"]["PolicyText"];
            } | null;
            terms?: {
                [key: string]: components["schemas"]["PolicyTerm"][];
            } | null;
            title?: components["schemas"]["PolicyText"];
            valid_from?: string;
            valid_to?: string;
            version?: string;
        };
        DeclarationPackList: {
            items?: components["schemas"]["DeclarationPackInfo"][] | null;
        };
        DeclarationProject: {
            amounts?: components["schemas"]["DeclarationAmounts"];
            /** Format: int64 */
            approved_fen?: number;
            attachments?: components["schemas"]["AttachmentDocument"][] | null;
            basis?: components["schemas"]["DeclarationReference"][] | null;
            case?: components["schemas"]["PolicyCase"];
            changes?: components["schemas"]["DeclarationChange"][];
            contact?: string;
            content?: string;
            contract_years?: number;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            decision?: components["schemas"]["PolicyDecision"];
            declared_by?: string;
            declarers?: string[];
            evidence?: {
                [key: string]: components["schemas"]["DeclarationEvidence"];
            } | null;
            failed_reviews?: components["schemas"]["DeclarationFailures"];
            id?: string;
            key_annual?: boolean;
            leader?: string;
            lineage?: string;
            locked_until?: string;
            open_change?: string;
            parties?: string[] | null;
            period_months?: number;
            project_id?: string;
            refusal_reason?: string;
            return_reason?: string;
            stage?: string;
            supervisor?: string;
            system_id?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            waivers?: {
                [key: string]: string;
            };
        };
        DeclarationRecordHandover: {
            approval_no: string;
            /** Format: int64 */
            approved_fen?: number;
            outcome: string;
            recorded_on: string;
        };
        DeclarationReference: {
            kind?: string;
            text?: string;
        };
        DeclarationRefuseProject: {
            basis: string[] | null;
            reason: string;
        };
        DeclarationRequestChange: {
            /** Format: int64 */
            amount_fen: number;
            description: string;
            reason: string;
        };
        DeclarationReturnProject: {
            reason: string;
        };
        DeclarationReviseProject: {
            basis: components["schemas"]["DeclarationReference"][] | null;
            case: components["schemas"]["PolicyCase"];
            contact?: string;
            content: string;
            contract_years?: number;
            key_annual?: boolean;
            leader?: string;
            lineage?: string;
            period_months: number;
            system_id?: string;
            title: string;
        };
        DeclarationSheetReading: {
            /** Format: int64 */
            declared_fen?: number;
            findings?: components["schemas"]["SheetFinding"][] | null;
            lines?: components["schemas"]["SheetLine"][] | null;
            pack?: string;
            ready?: boolean;
            sheet?: string;
            /** Format: int64 */
            sum_fen?: number;
        };
        DeclarationSupervisorReview: {
            approved: boolean;
            opinion: string;
        };
        DeclarationSupplementProject: {
            statement: string;
        };
        DeclarationTimelineEntry: {
            actor?: string;
            /** Format: date-time */
            at?: string;
            data?: unknown;
            /** Format: int64 */
            seq?: number;
            service?: string;
            trace_id?: string;
            type?: string;
            unit?: string;
        };
        DeclarationWithdrawProject: {
            reason: string;
        };
        FaultViolation: {
            basis?: string[];
            code?: string;
            field?: string;
            message?: string;
            message_en?: string;
        };
        ModuleDeadLetter: {
            attempts?: number;
            blocks?: boolean;
            bytes?: number;
            consumer?: string;
            error?: string;
            event_id?: string;
            /** Format: date-time */
            held_at?: string;
            /** Format: int64 */
            id?: number;
            /** Format: date-time */
            recorded_at?: string;
            /** Format: int64 */
            seq?: number;
            sha256?: string;
            source?: string;
            subject?: string;
            type?: string;
        };
        ModuleDeadLetters: {
            items?: components["schemas"]["ModuleDeadLetter"][] | null;
            next_page_token?: string;
        };
        ModuleDeadlines: {
            items?: components["schemas"]["StoreDeadlineRow"][] | null;
        };
        ModuleSealKey: {
            alg?: string;
            holder?: string;
            key_id?: string;
            public_key?: string;
        };
        ModuleSkipDeadLetter: {
            reason?: string;
        };
        ModuleTasks: {
            items?: components["schemas"]["StoreTask"][] | null;
        };
        ModuleWitnessed: {
            keys?: string[] | null;
            ledger?: components["schemas"]["CheckpointKeys"];
            note?: string;
            refusal?: components["schemas"]["WitnessRefusal"];
            seen?: components["schemas"]["CheckpointSeen"];
            unit?: string;
        };
        OpProblem: {
            basis?: string[] | null;
            code?: string;
            status?: number;
            title?: string;
            title_en?: string;
            type?: string;
            violations?: components["schemas"]["FaultViolation"][] | null;
        };
        PageOfEgovServicesDeclarationPlanningPlan: {
            items?: components["schemas"]["PlanningPlan"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesDeclarationPlanningReturn: {
            items?: components["schemas"]["PlanningReturn"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesDeclarationPlanningTask: {
            items?: components["schemas"]["PlanningTask"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesDeclarationProject: {
            items?: components["schemas"]["DeclarationProject"][] | null;
            next_page_token?: string;
        };
        Pause: {
            from?: string;
            reason?: string;
            to?: string;
        };
        PlanningAnswerComments: {
            answers: components["schemas"]["PlanningCommentAnswer"][] | null;
        };
        PlanningApproval: {
            authority?: string;
            document_no?: string;
            on?: string;
            recorded_by?: string;
        };
        PlanningAskComments: {
            units: string[] | null;
            until: string;
        };
        PlanningComment: {
            adopted?: boolean;
            agrees?: boolean;
            answer?: string;
            document_no?: string;
            on?: string;
            recorded_by?: string;
            text?: string;
            unit?: string;
        };
        PlanningCommentAnswer: {
            adopted?: boolean;
            answer?: string;
            unit: string;
        };
        PlanningCommentPlan: {
            agrees?: boolean;
            document_no?: string;
            text?: string;
            unit?: string;
        };
        PlanningCompleteTask: {
            result: string;
        };
        PlanningConsultation: {
            answered_on?: string;
            asked_on?: string;
            comments?: components["schemas"]["PlanningComment"][] | null;
            units?: string[] | null;
            until?: string;
        };
        PlanningDraftPlan: {
            from_year: number;
            kind: string;
            links: string;
            tasks?: components["schemas"]["PlanningPlannedTask"][] | null;
            text: string;
            title: string;
            to_year: number;
        };
        PlanningFiled: {
            figures?: {
                [key: string]: number;
            } | null;
            filed_by?: string;
            filed_on?: string;
            late?: boolean;
            period_from?: string;
            period_to?: string;
            remark?: string;
        };
        PlanningFileReturn: {
            figures: {
                [key: string]: number;
            } | null;
            remark?: string;
        };
        PlanningOweReturn: {
            kind: string;
            since: string;
            unit: string;
        };
        PlanningPlan: {
            approvals?: components["schemas"]["PlanningApproval"][] | null;
            consultation?: components["schemas"]["PlanningConsultation"];
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            drafted_by?: string;
            filing?: components["schemas"]["PlanningApproval"];
            from_year: number;
            id?: string;
            in_force_on?: string;
            kind?: string;
            links: string;
            pack?: string;
            papers?: components["schemas"]["SealPaper"][] | null;
            parties?: string[] | null;
            project_id?: string;
            reviews?: components["schemas"]["PlanningReview"][] | null;
            round?: number;
            sha256?: string;
            signature?: components["schemas"]["V1Signature"];
            state?: string;
            tasks?: components["schemas"]["PlanningPlannedTask"][] | null;
            text: string;
            title?: string;
            to_year: number;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        PlanningPlannedTask: {
            lead: string;
            month?: number;
            number: string;
            responsible?: string[] | null;
            title: string;
        };
        PlanningPressed: {
            by?: string;
            on?: string;
            text?: string;
        };
        PlanningPressReturn: {
            text: string;
        };
        PlanningPressTask: {
            text: string;
        };
        PlanningProgress: {
            by?: string;
            on?: string;
            part_done?: boolean;
            text?: string;
            unit?: string;
        };
        PlanningRecordApproval: {
            approved_on: string;
            authority: string;
            document_no: string;
        };
        PlanningRecordFiling: {
            document_no: string;
            filed_on: string;
        };
        PlanningReportTask: {
            part_done?: boolean;
            text: string;
        };
        PlanningReturn: {
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            filings?: components["schemas"]["PlanningFiled"][] | null;
            id?: string;
            kind?: string;
            pack?: string;
            parties?: string[] | null;
            period_from?: string;
            period_to?: string;
            pressed?: components["schemas"]["PlanningPressed"][];
            project_id?: string;
            since?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        PlanningReview: {
            conditions?: string[] | null;
            item_id?: string;
            on?: string;
            outcome?: string;
            reason?: string;
            session_id?: string;
        };
        PlanningRevisePlan: {
            from_year: number;
            links: string;
            tasks?: components["schemas"]["PlanningPlannedTask"][] | null;
            text: string;
            to_year: number;
        };
        PlanningSealPaper: {
            document_no: string;
        };
        PlanningTask: {
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            done_on?: string;
            due_on?: string;
            id?: string;
            lead?: string;
            month?: number;
            number?: string;
            overdue?: boolean;
            parties?: string[] | null;
            parts?: string[] | null;
            plan_id?: string;
            pressed?: components["schemas"]["PlanningPressed"][];
            project_id?: string;
            reports?: components["schemas"]["PlanningProgress"][] | null;
            responsible?: string[] | null;
            result?: string;
            state?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            year?: number;
        };
        PolicyCase: {
            /** Format: int64 */
            amount_fen?: number;
            budget?: components["schemas"]["PolicyLine"][];
            classified?: boolean;
            cross_department?: boolean;
            cross_region?: boolean;
            declared_on?: string;
            dedicated_network?: boolean;
            district_funded?: null | boolean;
            hardware_fen?: null | number;
            /** Format: int64 */
            hotline_seats?: number;
            in_use?: boolean;
            kind?: string;
            materials?: string[];
            mid_year_adjustment?: boolean;
            mlps_grade?: null | number;
            national_crypto?: null | boolean;
            om?: components["schemas"]["PolicyMaintenance"];
            own_machine_room?: boolean;
            own_website?: boolean;
            public_data?: boolean;
            pure_software?: boolean;
            reason?: string;
            renewal_unchanged?: null | boolean;
            /** Format: int64 */
            renewal_year?: number;
            replaces_systems?: components["schemas"]["PolicyReplaced"];
            subordinate?: boolean;
            superior_approval?: components["schemas"]["PolicySuperiorApproval"];
            supervisor_approved?: boolean;
            title?: string;
            unit?: string;
            unit_kind?: string;
            unit_level?: string;
            urban_operation?: boolean;
            urgent?: boolean;
            xc_conformant?: null | boolean;
        };
        /** Format: int64 */
        PolicyDecimal: number;
        PolicyDecision: {
            basis?: string[] | null;
            checklist?: components["schemas"]["PolicyItem"][] | null;
            conference_mode?: string;
            findings?: components["schemas"]["PolicyFinding"][] | null;
            notes?: components["schemas"]["PolicyNote"][] | null;
            obligations?: string[] | null;
            pack?: string;
            pack_version?: string;
            ready?: boolean;
            route?: string;
            steps?: string[] | null;
            trace?: components["schemas"]["PolicyTraceStep"][];
        };
        PolicyFinding: {
            actual_fen?: null | number;
            basis?: string[] | null;
            code?: string;
            limit_fen?: null | number;
            line?: null | number;
            message?: string;
            message_en?: string;
            severity?: string;
            strength?: string;
        };
        PolicyItem: {
            basis?: string[] | null;
            gate?: string;
            item?: string;
            present?: boolean;
        };
        PolicyLine: {
            /** Format: int64 */
            amount_fen?: number;
            area_m2?: components["schemas"]["PolicyDecimal"];
            /** Format: int64 */
            base_fen?: number;
            category?: string;
            class?: string;
            person_months?: components["schemas"]["PolicyDecimal"];
            /** Format: int64 */
            units?: number;
        };
        PolicyMaintenance: {
            first_year?: boolean;
            previous_amount_fen?: null | number;
        };
        PolicyNote: {
            basis?: string[] | null;
            code?: string;
            text?: string;
            text_en?: string;
        };
        PolicyReplaced: Record<string, never>;
        PolicySuperiorApproval: {
            /** Format: int64 */
            amount_fen?: number;
            conclusion?: boolean;
            document_no?: string;
            standard?: boolean;
        };
        PolicyTerm: {
            by?: string[];
            classes?: components["schemas"]["PolicyTerm"][];
            code?: string;
            conference?: boolean;
            duty?: string;
            en?: string;
            ends?: boolean;
            zh?: string;
        };
        PolicyText: {
            en?: string;
            zh?: string;
        };
        PolicyTraceStep: {
            basis?: string[] | null;
            expr?: string;
            result?: boolean;
            rule?: string;
            values?: {
                [key: string]: unknown;
            };
        };
        SealPaper: {
            attached_by?: string;
            copy_of?: string;
            force?: string;
            form?: string;
            item?: string;
            key?: string;
            kind?: string;
            media_type?: string;
            name?: string;
            notice?: string;
            seal?: components["schemas"]["SealSeal"];
            sha256?: string;
            /** Format: int64 */
            size_bytes?: number;
            sm3?: string;
            units?: string[] | null;
        };
        SealSeal: {
            by?: string;
            document_no?: string;
            on?: string;
            sha256?: string;
            signature?: components["schemas"]["V1Signature"];
            unit?: string;
        };
        SheetFinding: {
            basis?: string[];
            code?: string;
            field?: string;
            message?: string;
            message_en?: string;
            proposed_fen?: null | number;
            severity?: string;
        };
        SheetLine: {
            /** Format: int64 */
            amount_fen?: number;
            area_m2?: components["schemas"]["PolicyDecimal"];
            /** Format: int64 */
            base_fen?: number;
            category?: string;
            class?: string;
            person_months?: components["schemas"]["PolicyDecimal"];
            row?: number;
            /** Format: int64 */
            units?: number;
        };
        SignKeySet: Record<string, never>;
        StoreDeadlineRow: {
            basis?: string[] | null;
            due_on?: string;
            id?: string;
            met_on?: string;
            moved_from?: string;
            obligation?: string;
            paused_since?: string;
            project_id?: string;
            provisional?: boolean;
            state?: string;
            trigger_on?: string;
            unit?: string;
        };
        StoreTask: {
            action?: string;
            collection?: string;
            due_on?: string;
            id?: string;
            project_id?: string;
            project_title?: string;
            service?: string;
            /** Format: date-time */
            since?: string;
            title?: string;
            unit?: string;
        };
        Todo: {
            account?: string;
            action?: string;
            role?: string;
            title?: string;
            unit?: string;
        };
        V1Signature: {
            alg?: string;
            key_id?: string;
            signed_at?: string;
            signer?: string;
            value?: string;
        };
        WitnessRefusal: {
            /** Format: date-time */
            at?: string;
            code?: string;
            detail?: string;
            note?: string;
            /** Format: int64 */
            size?: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    GetBudgetSheet: {
        parameters: {
            query?: {
                pack?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReadBudgetSheet: {
        parameters: {
            query?: {
                amount_fen?: number;
                pack?: string;
            };
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationSheetReading"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListDeadLetters: {
        parameters: {
            query?: {
                page_size?: number;
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetters"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RetryDeadLetter: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    SkipDeadLetter: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ModuleSkipDeadLetter"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListDeadlines: {
        parameters: {
            query?: {
                project_id?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadlines"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    Decide: {
        parameters: {
            query?: {
                as_of?: string;
                pack?: string;
                trace?: string;
            };
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PolicyCase"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyDecision"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListPacks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationPackList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListPlans: {
        parameters: {
            query?: {
                from_year?: string;
                kind?: string;
                page_size?: number;
                page_token?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesDeclarationPlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    DraftPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningDraftPlan"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RevisePlan: {
        parameters: {
            query?: never;
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningRevisePlan"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RecordPlanApproval: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningRecordApproval"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    CommentPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningCommentPlan"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AnswerPlanComments: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningAnswerComments"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AskPlanComments: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningAskComments"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RecordPlanFiling: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningRecordFiling"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    LayPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AttachPlanPaper: {
        parameters: {
            query: {
                copy_of?: string;
                form?: "original" | "copy" | "converted";
                kind: string;
                name: string;
                units?: string;
            };
            header?: {
                "Content-Type"?: string;
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SealPaper"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetPlanPaper: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    SealPlanPaper: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningSealPaper"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningPlan"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListProjects: {
        parameters: {
            query?: {
                kind?: string;
                page_size?: number;
                page_token?: string;
                route?: string;
                stage?: "draft" | "with_supervisor" | "submitted" | "returned" | "accepted" | "evaluation" | "expert_review" | "conference" | "approved" | "filed" | "deferred" | "backup_pool" | "refused" | "handed_over" | "stopped" | "withdrawn" | "budgeting" | "procuring" | "contracted" | "delivering" | "acceptance" | "operating" | "closed";
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesDeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    DraftProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationDraftProject"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReviseProject: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationReviseProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AcceptProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AttachDocument: {
        parameters: {
            query: {
                item: string;
                name: string;
            };
            header?: {
                "Content-Type"?: string;
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentDocument"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetAttachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetProjectBudgetSheet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RequestChange: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationRequestChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    CloseProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationCloseProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetDossier: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationDossier"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RecordHandover: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationRecordHandover"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RefuseProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationRefuseProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    NameResponsible: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationNameResponsible"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReturnProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationReturnProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    SubmitProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReviewAsSupervisor: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationSupervisorReview"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    SupplementProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationSupplementProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    WithdrawProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeclarationWithdrawProject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeclarationProject"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListReturns: {
        parameters: {
            query?: {
                kind?: string;
                page_size?: number;
                page_token?: string;
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesDeclarationPlanningReturn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    OweReturn: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningOweReturn"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningReturn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetReturn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningReturn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    FileReturn: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningFileReturn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningReturn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    PressReturn: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningPressReturn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningReturn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetSeal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleSealKey"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListTasks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleTasks"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetWitness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleWitnessed"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListWorkTasks: {
        parameters: {
            query?: {
                lead?: string;
                overdue?: string;
                page_size?: number;
                page_token?: string;
                plan_id?: string;
                state?: string;
                year?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesDeclarationPlanningTask"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetWorkTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningTask"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    CompleteWorkTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningCompleteTask"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningTask"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    PressWorkTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningPressTask"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningTask"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReportWorkTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PlanningReportTask"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanningTask"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
}
