int canary;
