"""What is true of every vendor: errors, requests and responses, clients, and decisions about starting and waiting."""
