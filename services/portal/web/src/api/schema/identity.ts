// Made by npm run generate from docs/api/identity.json; not written by hand.
export interface paths {
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys by which anyone checks access tokens (RFC 7517) */
        get: operations["GetKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/openid-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who issues access tokens, and where the keys are (OpenID Connect Discovery) */
        get: operations["GetDiscovery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Accounts the caller may see, newest first
         * @description Roles: account_admin, supervisor, auditor
         */
        get: operations["ListAccounts"];
        put?: never;
        /**
         * Ask for an account
         * @description Roles: account_admin, supervisor
         */
        post: operations["RequestAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One account
         * @description Roles: account_admin, supervisor, auditor
         */
        get: operations["GetAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open an account after a recorded review by another person
         * @description Roles: account_admin, supervisor
         */
        post: operations["ApproveAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close an account and end its sessions
         * @description Roles: account_admin, supervisor
         */
        post: operations["DisableAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give an account a one-time password; it is shown once
         * @description Roles: account_admin
         */
        post: operations["ResetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/reinstate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a closed account again
         * @description Roles: account_admin, supervisor
         */
        post: operations["ReinstateAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn the request for an account down
         * @description Roles: account_admin, supervisor
         */
        post: operations["RejectAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record the periodic review of an account's roles
         * @description Roles: account_admin, supervisor
         */
        post: operations["ReviewAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a further role of an account
         * @description Roles: account_admin, supervisor
         */
        post: operations["RequestRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/roles/{role}/grant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Grant a role after a recorded review by another person
         * @description Roles: account_admin, supervisor
         */
        post: operations["GrantRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/roles/{role}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn the request for a role down
         * @description Roles: account_admin, supervisor
         */
        post: operations["RejectRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/roles/{role}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a role from an account
         * @description Roles: account_admin, supervisor
         */
        post: operations["RevokeRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lift the lock that wrong passwords put on an account
         * @description Roles: account_admin
         */
        post: operations["UnlockAccount"];
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
    "/v1/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Delegations the caller may see, newest first */
        get: operations["ListDelegations"];
        put?: never;
        /** Hand roles to another account of the unit for a time */
        post: operations["GrantDelegation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/delegations/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a delegation before its last day */
        post: operations["EndDelegation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/duties": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Roles, incompatible duties, and the rules of passwords and sessions */
        get: operations["GetDuties"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/event-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The register of the keys by which services sign what they state
         * @description Roles: operator, account_admin, auditor
         */
        get: operations["ListEventKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holidays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is published about holidays, the latest first */
        get: operations["ListHolidays"];
        put?: never;
        /**
         * Publish a holiday notice or an order of the district; clocks that run are counted anew
         * @description Roles: operator
         */
        post: operations["PublishHolidays"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The register of signing keys, newest first
         * @description Roles: operator, account_admin, auditor
         */
        get: operations["ListKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the key that signs next
         * @description Roles: operator
         */
        post: operations["RotateKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is, and for whom it may act */
        get: operations["GetMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Replace the caller's password; all its sessions end and a new one begins */
        put: operations["ChangePassword"];
        post?: never;
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
    "/v1/service-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What operators said of services' keys, newest first
         * @description Roles: operator, account_admin, auditor
         */
        get: operations["ListServiceKeys"];
        put?: never;
        /**
         * Ask for a service's key to be believed
         * @description Roles: operator
         */
        post: operations["RequestServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/service-keys/{id}/enrol": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a key believed that another operator asked for
         * @description Roles: operator
         */
        post: operations["EnrolServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/service-keys/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn the request for a key down, or withdraw it
         * @description Roles: operator
         */
        post: operations["RejectServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/service-keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a key prove nothing any more, whichever register lists it
         * @description Roles: operator
         */
        post: operations["RevokeServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with account and password; optionally on behalf of an absent account */
        post: operations["SignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange a refresh token, good once, for the next pair of tokens */
        post: operations["RefreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out: end the session of a refresh token */
        post: operations["RevokeSession"];
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
    "/v1/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The directory of units */
        get: operations["ListUnits"];
        put?: never;
        /**
         * Enter a unit into the directory
         * @description Roles: account_admin
         */
        post: operations["RegisterUnit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/units/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One unit of the directory */
        get: operations["GetUnit"];
        /**
         * Replace what the directory says about a unit
         * @description Roles: account_admin, supervisor
         */
        put: operations["AmendUnit"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/units/{id}/succession": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pass a unit's duties and seat to its successor
         * @description Roles: account_admin
         */
        post: operations["SucceedUnit"];
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AuthnPrincipal: {
            district?: string;
            name?: string;
            on_behalf_of?: string;
            parent_unit?: string;
            roles?: string[] | null;
            sub?: string;
            unit?: string;
            unit_kind?: string;
        };
        CalendarPeriod: {
            months?: number;
            until?: string;
            working_days?: number;
        };
        CalendarRange: {
            from?: string;
            name?: string;
            name_en?: string;
            to?: string;
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
        FaultViolation: {
            basis?: string[];
            code?: string;
            field?: string;
            message?: string;
            message_en?: string;
        };
        HttpapiDiscovery: {
            claims_supported?: string[] | null;
            grant_types_supported?: string[] | null;
            id_token_signing_alg_values_supported?: string[] | null;
            issuer?: string;
            jwks_uri?: string;
            response_types_supported?: string[] | null;
            subject_types_supported?: string[] | null;
        };
        HttpapiKeySet: {
            keys?: {
                alg?: string;
                crv?: string;
                kid?: string;
                kty?: string;
                use?: string;
                x?: string;
            }[] | null;
        };
        IdentityAboutRole: {
            reason: string;
        };
        IdentityAccount: {
            acting?: components["schemas"]["IdentityActing"][] | null;
            approved_by?: string;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            id?: string;
            last_reviewed_on?: string;
            /** Format: date-time */
            locked_until?: string;
            name?: string;
            parties?: string[] | null;
            pending_roles?: components["schemas"]["IdentityRoleRequest"][] | null;
            project_id?: string;
            reason?: string;
            requested_by?: string;
            review_due_on?: string;
            reviews?: components["schemas"]["IdentityReview"][] | null;
            roles?: string[] | null;
            state?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        IdentityActing: {
            delegation?: string;
            ends_on?: string;
            for?: string;
            roles?: string[] | null;
            starts_on?: string;
        };
        IdentityAmendUnit: {
            department: string;
            leader: string;
            name: string;
            name_en: string;
            parent?: string;
            reason: string;
        };
        IdentityApproveAccount: {
            opinion: string;
            reviewer: string;
        };
        IdentityChangePassword: {
            current_password: string;
            new_password: string;
        };
        IdentityConflict: {
            basis?: string[] | null;
            en?: string;
            roles?: string[] | null;
            with?: string[] | null;
            zh?: string;
        };
        IdentityDelegation: {
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            end_reason?: string;
            ends_on?: string;
            from?: string;
            granted_by?: string;
            id?: string;
            parties?: string[] | null;
            project_id?: string;
            reason?: string;
            roles?: string[] | null;
            starts_on?: string;
            state?: string;
            title?: string;
            to?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        IdentityDelegationRules: {
            max_days?: number;
        };
        IdentityDuties: {
            delegation?: components["schemas"]["IdentityDelegationRules"];
            district?: string;
            incompatible?: components["schemas"]["IdentityConflict"][] | null;
            kinds?: components["schemas"]["IdentityKind"][] | null;
            lockout?: components["schemas"]["IdentityLockoutRules"];
            password?: components["schemas"]["IdentityPasswordRules"];
            review?: components["schemas"]["IdentityReviewRules"];
            roles?: components["schemas"]["IdentityRole"][] | null;
            session?: components["schemas"]["IdentitySessionRules"];
        };
        IdentityEnded: {
            ended?: boolean;
        };
        IdentityEnrolServiceKey: {
            opinion: string;
        };
        IdentityEventKey: {
            /** @enum {string} */
            alg: "ed25519" | "sm2";
            holder: string;
            key_id: string;
            /** Format: date-time */
            not_after: string;
            /** Format: date-time */
            not_before: string;
            /** Format: base64 */
            public_key: string;
            /** Format: date-time */
            revoked_at?: null | string;
            standing?: string;
        };
        IdentityEventKeyList: {
            items?: components["schemas"]["IdentityEventKey"][] | null;
        };
        IdentityFormer: {
            name?: string;
            name_en?: string;
            until?: string;
        };
        IdentityGrant: {
            access_token?: string;
            /** Format: date-time */
            expires_at?: string;
            must_change_password?: boolean;
            principal?: components["schemas"]["AuthnPrincipal"];
            /** Format: date-time */
            refresh_expires_at?: string;
            refresh_token?: string;
            token_type?: string;
        };
        IdentityGrantDelegation: {
            ends_on: string;
            from?: string;
            reason: string;
            roles: string[] | null;
            starts_on: string;
            to: string;
        };
        IdentityGrantRole: {
            opinion: string;
            reviewer: string;
        };
        IdentityHolidayNotice: {
            kind?: string;
            notice?: string;
            off?: components["schemas"]["CalendarRange"][] | null;
            published_by?: string;
            published_on?: string;
            work?: components["schemas"]["CalendarRange"][] | null;
            year?: number;
        };
        IdentityHolidays: {
            items?: components["schemas"]["IdentityHolidayNotice"][] | null;
            years?: components["schemas"]["IdentityHolidayYear"][] | null;
        };
        IdentityHolidayYear: {
            notice?: string;
            published?: boolean;
            year?: number;
        };
        IdentityKeyRecord: {
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            id?: string;
            parties?: string[] | null;
            project_id?: string;
            reason?: string;
            /** Format: date-time */
            signs_from?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        IdentityKind: {
            code?: string;
            declares?: boolean;
            en?: string;
            zh?: string;
        };
        IdentityLockoutRules: {
            failures?: number;
            forget_minutes?: number;
            minutes?: number;
        };
        IdentityMe: {
            account?: components["schemas"]["IdentityAccount"];
            acts_for?: components["schemas"]["IdentityActing"][] | null;
            must_change_password?: boolean;
            principal?: components["schemas"]["AuthnPrincipal"];
        };
        IdentityOneTime: {
            hours?: number;
        };
        IdentityOneTimePassword: {
            account?: string;
            /** Format: date-time */
            expires_at?: string;
            one_time_password?: string;
        };
        IdentityPasswordRules: {
            classes?: number;
            history?: number;
            max_age_days?: number;
            max_length?: number;
            min_length?: number;
            one_time?: components["schemas"]["IdentityOneTime"];
        };
        IdentityPublishedKey: {
            /** @enum {string} */
            alg: "ed25519" | "sm2";
            holder: string;
            key_id: string;
            /** Format: date-time */
            not_after: string;
            /** Format: date-time */
            not_before: string;
            /** Format: base64 */
            public_key: string;
        };
        IdentityPublishHolidays: {
            kind?: string;
            notice?: string;
            off?: components["schemas"]["CalendarRange"][] | null;
            work?: components["schemas"]["CalendarRange"][] | null;
            year?: number;
        };
        IdentityReasoned: {
            reason: string;
        };
        IdentityRefreshSession: {
            refresh_token: string;
        };
        IdentityRegisterUnit: {
            code: string;
            department: string;
            kind: string;
            leader: string;
            name: string;
            name_en: string;
            parent?: string;
            seat?: boolean;
        };
        IdentityRequestAccount: {
            account: string;
            name: string;
            reason: string;
            roles: string[] | null;
            unit: string;
        };
        IdentityRequestRole: {
            reason: string;
            role: string;
        };
        IdentityRequestServiceKey: {
            key: components["schemas"]["IdentityPublishedKey"];
            reason: string;
            speaks_for: string;
        };
        IdentityReview: {
            on?: string;
            opinion?: string;
            recorded_by?: string;
            reviewer?: string;
            subject?: string;
        };
        IdentityReviewAccount: {
            opinion: string;
            reviewer: string;
        };
        IdentityReviewRules: {
            months?: number;
        };
        IdentityRole: {
            basis?: string[] | null;
            code?: string;
            delegable?: boolean;
            en?: string;
            kinds?: string[];
            seats?: boolean;
            units?: string[];
            zh?: string;
        };
        IdentityRoleRequest: {
            on?: string;
            reason?: string;
            requested_by?: string;
            role?: string;
        };
        IdentityRotateKeys: {
            reason: string;
        };
        IdentityServiceKey: {
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            decided_by?: string;
            id?: string;
            key?: components["schemas"]["IdentityPublishedKey"];
            opinion?: string;
            parties?: string[] | null;
            project_id?: string;
            reason?: string;
            requested_by?: string;
            /** Format: date-time */
            revoked_at?: string;
            revoked_by?: string;
            revoked_reason?: string;
            speaks_for?: string;
            state?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
        };
        IdentitySessionRules: {
            access_minutes?: number;
            idle_minutes?: number;
            life_hours?: number;
            reuse_grace_seconds?: number;
        };
        IdentitySignIn: {
            account: string;
            on_behalf_of?: string;
            password: string;
        };
        IdentitySucceedUnit: {
            dissolved?: boolean;
            document_no: string;
            effective_on: string;
            seat?: boolean;
            successor: string;
        };
        IdentityUnit: {
            active?: boolean;
            code?: string;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            department?: string;
            former_names?: components["schemas"]["IdentityFormer"][] | null;
            id?: string;
            kind?: string;
            leader?: string;
            name?: string;
            name_en?: string;
            parent?: string;
            parties?: string[] | null;
            project_id?: string;
            seat?: boolean;
            succeeded_by?: string;
            succeeds?: string[] | null;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
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
        PageOfEgovServicesIdentityAccount: {
            items?: components["schemas"]["IdentityAccount"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesIdentityDelegation: {
            items?: components["schemas"]["IdentityDelegation"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesIdentityKeyRecord: {
            items?: components["schemas"]["IdentityKeyRecord"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesIdentityServiceKey: {
            items?: components["schemas"]["IdentityServiceKey"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesIdentityUnit: {
            items?: components["schemas"]["IdentityUnit"][] | null;
            next_page_token?: string;
        };
        Pause: {
            from?: string;
            reason?: string;
            to?: string;
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
    GetKeys: {
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
                    "application/json": components["schemas"]["HttpapiKeySet"];
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
    GetDiscovery: {
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
                    "application/json": components["schemas"]["HttpapiDiscovery"];
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
    ListAccounts: {
        parameters: {
            query?: {
                page_size?: number;
                page_token?: string;
                state?: string;
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
                    "application/json": components["schemas"]["PageOfEgovServicesIdentityAccount"];
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
    RequestAccount: {
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
                "application/json": components["schemas"]["IdentityRequestAccount"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    GetAccount: {
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
                    "application/json": components["schemas"]["IdentityAccount"];
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
    ApproveAccount: {
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
                "application/json": components["schemas"]["IdentityApproveAccount"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    DisableAccount: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    ResetPassword: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityOneTimePassword"];
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
    ReinstateAccount: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    RejectAccount: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    ReviewAccount: {
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
                "application/json": components["schemas"]["IdentityReviewAccount"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    RequestRole: {
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
                "application/json": components["schemas"]["IdentityRequestRole"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    GrantRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                role: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IdentityGrantRole"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    RejectRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                role: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IdentityAboutRole"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    RevokeRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                role: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IdentityAboutRole"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    UnlockAccount: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityAccount"];
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
    ListDelegations: {
        parameters: {
            query?: {
                from?: string;
                page_size?: number;
                page_token?: string;
                state?: string;
                to?: string;
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
                    "application/json": components["schemas"]["PageOfEgovServicesIdentityDelegation"];
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
    GrantDelegation: {
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
                "application/json": components["schemas"]["IdentityGrantDelegation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityDelegation"];
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
    EndDelegation: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityDelegation"];
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
    GetDuties: {
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
                    "application/json": components["schemas"]["IdentityDuties"];
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
    ListEventKeys: {
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
                    "application/json": components["schemas"]["IdentityEventKeyList"];
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
    ListHolidays: {
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
                    "application/json": components["schemas"]["IdentityHolidays"];
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
    PublishHolidays: {
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
                "application/json": components["schemas"]["IdentityPublishHolidays"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityHolidays"];
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
    ListKeys: {
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
                    "application/json": components["schemas"]["PageOfEgovServicesIdentityKeyRecord"];
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
    RotateKeys: {
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
                "application/json": components["schemas"]["IdentityRotateKeys"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityKeyRecord"];
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
    GetMe: {
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
                    "application/json": components["schemas"]["IdentityMe"];
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
    ChangePassword: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
                "X-Forwarded-For"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IdentityChangePassword"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityGrant"];
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
    ListServiceKeys: {
        parameters: {
            query?: {
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
                    "application/json": components["schemas"]["PageOfEgovServicesIdentityServiceKey"];
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
    RequestServiceKey: {
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
                "application/json": components["schemas"]["IdentityRequestServiceKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityServiceKey"];
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
    EnrolServiceKey: {
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
                "application/json": components["schemas"]["IdentityEnrolServiceKey"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityServiceKey"];
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
    RejectServiceKey: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityServiceKey"];
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
    RevokeServiceKey: {
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
                "application/json": components["schemas"]["IdentityReasoned"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityServiceKey"];
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
    SignIn: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
                "X-Forwarded-For"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IdentitySignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityGrant"];
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
    RefreshSession: {
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
                "application/json": components["schemas"]["IdentityRefreshSession"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityGrant"];
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
    RevokeSession: {
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
                "application/json": components["schemas"]["IdentityRefreshSession"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityEnded"];
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
    ListUnits: {
        parameters: {
            query?: {
                active?: string;
                kind?: string;
                page_size?: number;
                page_token?: string;
                parent?: string;
                seat?: string;
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
                    "application/json": components["schemas"]["PageOfEgovServicesIdentityUnit"];
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
    RegisterUnit: {
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
                "application/json": components["schemas"]["IdentityRegisterUnit"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityUnit"];
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
    GetUnit: {
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
                    "application/json": components["schemas"]["IdentityUnit"];
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
    AmendUnit: {
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
                "application/json": components["schemas"]["IdentityAmendUnit"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityUnit"];
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
    SucceedUnit: {
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
                "application/json": components["schemas"]["IdentitySucceedUnit"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityUnit"];
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
}
